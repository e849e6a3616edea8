package dev.osteon.models.sam;

import java.util.ArrayList;
import java.util.List;

/**
 * What to segment, in pixels of the original picture.
 *
 * @param positive points on the object, at least one
 * @param negative points beside it; without them a mask takes in all that the object lies in
 */
public record PointPrompt(List<Point> positive, List<Point> negative) {

    /** @throws IllegalArgumentException without a positive point */
    public PointPrompt {
        positive = List.copyOf(positive);
        negative = List.copyOf(negative);
        if (positive.isEmpty()) {
            throw new IllegalArgumentException("prompt: given no positive point; expected at least one");
        }
    }

    /** The same with further negative points. */
    public PointPrompt without(List<Point> others) {
        List<Point> all = new ArrayList<>(negative);
        all.addAll(others);
        return new PointPrompt(positive, all);
    }

    /** The same in a picture whose upper left corner is at (x, y) of this one. */
    public PointPrompt from(double x, double y) {
        return new PointPrompt(moved(positive, x, y), moved(negative, x, y));
    }

    private static List<Point> moved(List<Point> points, double x, double y) {
        return points.stream().map(p -> new Point(p.x() - x, p.y() - y)).toList();
    }
}
