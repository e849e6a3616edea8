package dev.osteon.engine.views;

import dev.osteon.engine.EngineException;

/**
 * Views of one size.
 *
 * @param count of each segment
 * @param size  of a view's side, in pixels
 * @param crop  how much of a segment they show
 */
public record Resolution(int count, int size, RandomResizedCrop crop) {

    public Resolution {
        if (count < 0 || size < 1) {
            throw new EngineException("views: given " + count + " of " + size
                    + " pixels; expected a count of 0 or more and a size of 1 or more");
        }
    }
}
