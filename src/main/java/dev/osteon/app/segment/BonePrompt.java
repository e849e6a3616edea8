package dev.osteon.app.segment;

import dev.osteon.models.sam.Point;
import dev.osteon.models.sam.PointPrompt;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/**
 * What is known of a bone before it is segmented.
 *
 * @param points  on it and beside it, for the decoder
 * @param strokes drawn by hand over the mask that comes of them; mostly none
 */
public record BonePrompt(PointPrompt points, List<Stroke> strokes) {

    public BonePrompt {
        strokes = List.copyOf(strokes);
    }

    /** Points alone. */
    public static BonePrompt of(PointPrompt points) {
        return new BonePrompt(points, List.of());
    }

    /**
     * Checks that every point lies in an image; strokes may leave it.
     *
     * @param where what to begin an error with: the image and the bone
     * @throws IllegalArgumentException naming the point
     */
    public void requireWithin(int width, int height, String where) {
        List<Point> all = new ArrayList<>(points.positive());
        all.addAll(points.negative());
        for (Point p : all) {
            if (p.x() >= width || p.y() >= height) {
                throw new IllegalArgumentException(String.format(Locale.ROOT, "%s: point [%.0f, %.0f] lies outside "
                        + "the image of %d × %d; correct the prompt", where, p.x(), p.y(), width, height));
            }
        }
    }
}
