package dev.osteon.app.data;

import java.nio.file.Path;
import java.util.Optional;

/**
 * One labelled image.
 *
 * @param file an existing image file
 * @param subject whose it is; images of one subject must stay in one part of a split
 * @param tScore its T-score, if the label file has one
 * @param label class, 0 or 1 (osteoporosis)
 * @param bone which bone, if the label file says so
 * @param split which part of a split, if the label file says so
 */
public record Sample(Path file, String subject, Optional<Double> tScore, int label, Optional<String> bone,
        Optional<String> split) {
}
