package dev.osteon.models.sam;

/** A place in a picture, in pixels: (0, 0) is the upper left corner, x goes right and y down. */
public record Point(double x, double y) {

    /** The distance to another point in pixels. */
    public double distance(Point other) {
        return Math.hypot(x - other.x, y - other.y);
    }
}
