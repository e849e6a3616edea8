package dev.osteon.app.segment;

import dev.osteon.app.image.GrayImage;
import dev.osteon.models.sam.Picture;
import dev.osteon.models.sam.Point;
import java.util.List;

/** A rectangle of a radiograph, in pixels. */
record Window(int x, int y, int width, int height) {

    /** Of the samples this share may lie below black, and above white. */
    private static final double CLIPPED = 2e-4;

    static Window whole(GrayImage image) {
        return new Window(0, 0, image.width(), image.height());
    }

    /** A square of this side with the points in its middle, moved and cut to lie in the image. */
    static Window around(List<Point> points, int side, GrayImage image) {
        int width = Math.min(side, image.width());
        int height = Math.min(side, image.height());
        double cx = (points.stream().mapToDouble(Point::x).min().orElseThrow()
                + points.stream().mapToDouble(Point::x).max().orElseThrow()) / 2;
        double cy = (points.stream().mapToDouble(Point::y).min().orElseThrow()
                + points.stream().mapToDouble(Point::y).max().orElseThrow()) / 2;
        return new Window(Math.clamp(Math.round(cx - width / 2.0), 0, image.width() - width),
                Math.clamp(Math.round(cy - height / 2.0), 0, image.height() - height), width, height);
    }

    boolean contains(Point p) {
        return p.x() >= x && p.y() >= y && p.x() < x + width && p.y() < y + height;
    }

    /** The image's part as 8-bit grey, its darkest level black and its brightest white but for a few samples. */
    Picture of(GrayImage image) {
        int[] histogram = new int[image.maxSample() + 1];
        for (int i = 0; i < width * height; i++) {
            histogram[image.get(x + i % width, y + i / width)]++;
        }
        long clipped = Math.round(CLIPPED * width * height);
        int black = 0;
        for (long below = histogram[0]; below <= clipped && black < image.maxSample(); below += histogram[black]) {
            black++;
        }
        int white = image.maxSample();
        for (long above = histogram[white]; above <= clipped && white > black + 1; above += histogram[white]) {
            white--;
        }
        double scale = 255.0 / Math.max(1, white - black);
        byte[] plane = new byte[width * height];
        for (int i = 0; i < plane.length; i++) {
            int level = image.get(x + i % width, y + i / width) - black;
            plane[i] = (byte) Math.clamp(Math.round(level * scale), 0, 255);
        }
        return Picture.gray(width, height, plane);
    }
}
