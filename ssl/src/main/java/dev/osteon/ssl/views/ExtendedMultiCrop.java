package dev.osteon.ssl.views;

import dev.osteon.engine.EngineException;
import dev.osteon.engine.views.ViewSampling;

/**
 * The paper's extension of multi-crop: a view is drawn again until enough of its pixels, as finally sampled, are not
 * zero, so that no view shows only the background around a bone. After {@code maxTries} draws the best of them is taken
 * and counted: an empty segment ends too.
 *
 * @param minShare smallest share of non-zero pixels, 0 to 1; 0.10 in the paper
 * @param maxTries most draws for one view, 1 or more
 */
public record ExtendedMultiCrop(MultiCrop crops, double minShare, int maxTries) implements ViewPolicy {

    /** The paper's threshold. */
    public static final double PAPER_SHARE = 0.10;

    public ExtendedMultiCrop {
        if (!(minShare >= 0 && minShare <= 1) || maxTries < 1) {
            throw new EngineException("extended multi-crop: given a share of " + minShare + " and " + maxTries
                    + " tries; expected a share of 0 to 1 and 1 try or more");
        }
    }

    @Override
    public ViewSampling sampling() {
        return crops.sampling(minShare, maxTries);
    }
}
