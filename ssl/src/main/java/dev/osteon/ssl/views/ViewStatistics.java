package dev.osteon.ssl.views;

/**
 * What drawing views took.
 *
 * @param views  that were drawn
 * @param tries  draws in total; as many as views where none is drawn again
 * @param enough views that reached the threshold
 */
public record ViewStatistics(long views, long tries, long enough) {

    /** Views that stayed under the threshold: with rejection sampling, those that fell back to the best try. */
    public long sparse() {
        return views - enough;
    }
}
