package dev.osteon.app.segment;

import dev.osteon.app.phantom.Bone;
import dev.osteon.models.sam.PointPrompt;
import java.util.List;

/**
 * One bone found in a radiograph.
 *
 * @param prompt    what was asked for
 * @param stability area where the logit is above 1 over the area where it is above −1, 0..1
 * @param flags     what a person should look at: {@code positive-outside}, {@code negative-inside}, {@code unstable},
 *                  {@code at-border}, {@code overlaps-mc3}
 */
public record BoneSegment(Bone bone, Mask mask, PointPrompt prompt, double stability, List<String> flags) {}
