package dev.osteon.ssl.views;

import dev.osteon.engine.views.RandomResizedCrop;
import dev.osteon.engine.views.Resolution;
import dev.osteon.engine.views.ViewSampling;
import java.util.stream.Stream;

/**
 * Multi-crop (Caron et al. 2020, section 3.3): a few large views of much of the segment and more small ones of little
 * of it. Each view is rotated about the segment's centre, flipped both ways with probability one half, then cropped;
 * each is taken as it was drawn, and how many have the share of {@link ExtendedMultiCrop} is only counted.
 *
 * @param rotationDegrees largest rotation to either side
 */
public record MultiCrop(Resolution global, Resolution local, double rotationDegrees) implements ViewPolicy {

    /** 2 × 224 of 14 to 100 % and 4 × 96 of 5 to 14 % of the area, ±20°: the paper's. */
    public static MultiCrop paper() {
        return new MultiCrop(new Resolution(2, 224, new RandomResizedCrop(0.14, 1)),
                new Resolution(4, 96, new RandomResizedCrop(0.05, 0.14)), 20);
    }

    @Override
    public ViewSampling sampling() {
        return sampling(ExtendedMultiCrop.PAPER_SHARE, 1);
    }

    ViewSampling sampling(double minShare, int maxTries) {
        return new ViewSampling(Stream.of(global, local).filter(resolution -> resolution.count() > 0).toList(),
                rotationDegrees, minShare, maxTries);
    }

    @Override
    public MultiCrop crops() {
        return this;
    }

    /** Number of views of each segment. */
    public int views() {
        return global.count() + local.count();
    }
}
