package dev.osteon.engine.views;

/**
 * A map from output to source pixel indices, as {@code AffineCropResize} takes it: xs = a·u + b·v + c,
 * ys = d·u + e·v + f. A pixel's centre lies at its index.
 */
public record AffineMatrix(double a, double b, double c, double d, double e, double f) {

    /** Resizing {@code crop} to {@code size} × {@code size} pixels, so that the outer edges meet. */
    public static AffineMatrix resize(Crop crop, int size) {
        double sx = (double) crop.width() / size;
        double sy = (double) crop.height() / size;
        return new AffineMatrix(sx, 0, crop.left() + sx / 2 - 0.5, 0, sy, crop.top() + sy / 2 - 0.5);
    }

    /**
     * Rotation of an image about its centre, counter-clockwise for positive angles, as torchvision's rotate. Sine and
     * cosine are fdlibm's, of 45° at most: the same bits on every device.
     */
    public static AffineMatrix rotation(double degrees, int height, int width) {
        double quarters = Math.rint(degrees / 90);
        double rest = (degrees - 90 * quarters) * (Math.PI / 180);
        double cosine = StrictMath.cos(rest);
        double sine = StrictMath.sin(rest);
        return switch ((int) quarters & 3) {
            case 0 -> rotation(cosine, sine, height, width);
            case 1 -> rotation(-sine, cosine, height, width);
            case 2 -> rotation(-cosine, -sine, height, width);
            default -> rotation(sine, -cosine, height, width);
        };
    }

    private static AffineMatrix rotation(double cos, double sin, int height, int width) {
        double cx = (width - 1) / 2.0;
        double cy = (height - 1) / 2.0;
        return new AffineMatrix(cos, -sin, cx - cos * cx + sin * cy, sin, cos, cy - sin * cx - cos * cy);
    }

    public static AffineMatrix flipHorizontal(int width) {
        return new AffineMatrix(-1, 0, width - 1, 0, 1, 0);
    }

    public static AffineMatrix flipVertical(int height) {
        return new AffineMatrix(1, 0, 0, 0, -1, height - 1);
    }

    /** First {@code inner}, then this: the map whose source coordinates are this map's of {@code inner}'s. */
    public AffineMatrix after(AffineMatrix inner) {
        return new AffineMatrix(a * inner.a + b * inner.d, a * inner.b + b * inner.e, a * inner.c + b * inner.f + c,
                d * inner.a + e * inner.d, d * inner.b + e * inner.e, d * inner.c + e * inner.f + f);
    }

    public double x(double u, double v) {
        return a * u + b * v + c;
    }

    public double y(double u, double v) {
        return d * u + e * v + f;
    }

    /** Half-width of the filter along x, in source pixels: more than 1 when the map reduces. */
    public double supportX() {
        return Math.max(1, Math.sqrt(a * a + b * b));
    }

    /** Half-width of the filter along y, in source pixels. */
    public double supportY() {
        return Math.max(1, Math.sqrt(d * d + e * e));
    }
}
