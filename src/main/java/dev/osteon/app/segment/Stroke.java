package dev.osteon.app.segment;

import dev.osteon.models.sam.Point;
import java.util.List;
import java.util.Locale;

/**
 * A line drawn by hand over a mask.
 *
 * @param radius half its width in pixels, above 0
 * @param points its corners in pixels of the image, at least one; a single one is a dot
 */
public record Stroke(Tool tool, double radius, List<Point> points) {

    /** What drawing does to the mask. */
    public enum Tool {
        /** Adds to it. */
        BRUSH,
        /** Takes from it. */
        ERASER;

        /** As in a prompts file. */
        public String label() {
            return name().toLowerCase(Locale.ROOT);
        }
    }

    /** @throws IllegalArgumentException without a point, or with a radius that is no positive number */
    public Stroke {
        points = List.copyOf(points);
        if (points.isEmpty() || !(radius > 0) || Double.isInfinite(radius)) {
            throw new IllegalArgumentException("stroke: given radius " + radius + " and " + points.size()
                    + " points; expected a radius above 0 and at least one point");
        }
    }

    /** The mask with all strokes drawn over it, in their order. */
    static Mask drawn(Mask mask, List<Stroke> strokes) {
        if (strokes.isEmpty()) {
            return mask;
        }
        boolean[] inside = mask.inside().clone();
        strokes.forEach(stroke -> stroke.draw(inside, mask.width(), mask.height()));
        return new Mask(mask.width(), mask.height(), inside);
    }

    /** A pixel belongs to the line when its centre is no farther from it than the radius. */
    private void draw(boolean[] inside, int width, int height) {
        for (int i = 0; i < Math.max(1, points.size() - 1); i++) {
            Point a = points.get(i);
            Point b = points.get(Math.min(i + 1, points.size() - 1));
            int top = (int) Math.clamp(Math.floor(Math.min(a.y(), b.y()) - radius), 0, height);
            int bottom = (int) Math.clamp(Math.ceil(Math.max(a.y(), b.y()) + radius), 0, height);
            int left = (int) Math.clamp(Math.floor(Math.min(a.x(), b.x()) - radius), 0, width);
            int right = (int) Math.clamp(Math.ceil(Math.max(a.x(), b.x()) + radius), 0, width);
            for (int y = top; y < bottom; y++) {
                for (int x = left; x < right; x++) {
                    if (distance(x + 0.5, y + 0.5, a, b) <= radius) {
                        inside[y * width + x] = tool == Tool.BRUSH;
                    }
                }
            }
        }
    }

    private static double distance(double x, double y, Point a, Point b) {
        double dx = b.x() - a.x();
        double dy = b.y() - a.y();
        double length = dx * dx + dy * dy;
        double t = length == 0 ? 0 : Math.clamp(((x - a.x()) * dx + (y - a.y()) * dy) / length, 0, 1);
        return Math.hypot(x - a.x() - t * dx, y - a.y() - t * dy);
    }

    /** The same in a picture that is this many times as large. */
    Stroke times(double scale) {
        return new Stroke(tool, radius * scale, points.stream()
                .map(p -> new Point(p.x() * scale, p.y() * scale)).toList());
    }
}
