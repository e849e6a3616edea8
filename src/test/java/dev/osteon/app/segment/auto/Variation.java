package dev.osteon.app.segment.auto;

import dev.osteon.app.image.GrayImage;
import dev.osteon.models.sam.Point;
import java.awt.Color;
import java.awt.Font;
import java.awt.Graphics2D;
import java.awt.image.BufferedImage;
import java.util.Random;

/** The same radiograph as it might have been taken, scanned or stored otherwise. */
enum Variation {
    AS_IT_IS, MIRRORED, TURNED_10, TURNED_MINUS_10, TURNED_20, TURNED_MINUS_20, TURNED_45, TURNED_90, TURNED_180,
    TURNED_270, HALVED, SMALL, ENLARGED, LARGE_FILM, CROPPED_5, TWELVE_BITS_OF_16, FLAT, BRIGHT, DARK, NOISY, LETTERED,
    WHITE_RIM, COLLIMATED;

    /** Pixels of the longest side of what is called small. */
    private static final int SMALL_SIDE = 160;

    /** A picture, and where its pixels came to lie: x' = a x + b y + c, y' = d x + e y + f. */
    record Varied(GrayImage image, double a, double b, double c, double d, double e, double f) {

        Point place(Point p) {
            return new Point(a * p.x() + b * p.y() + c, d * p.x() + e * p.y() + f);
        }
    }

    @FunctionalInterface
    private interface Levels {
        double of(double level, int x, int y);
    }

    Varied of(GrayImage image) {
        int w = image.width();
        int h = image.height();
        Random random = new Random(1);
        return switch (this) {
            case AS_IT_IS -> new Varied(image, 1, 0, 0, 0, 1, 0);
            case MIRRORED -> drawn(image, w, h, -1, 0, w, 0, 1, 0);
            case TURNED_10 -> turned(image, 10);
            case TURNED_MINUS_10 -> turned(image, -10);
            case TURNED_20 -> turned(image, 20);
            case TURNED_MINUS_20 -> turned(image, -20);
            case TURNED_45 -> turned(image, 45);
            case TURNED_90 -> drawn(image, h, w, 0, -1, h, 1, 0, 0);
            case TURNED_180 -> drawn(image, w, h, -1, 0, w, 0, -1, h);
            case TURNED_270 -> drawn(image, h, w, 0, 1, 0, -1, 0, w);
            case HALVED -> scaled(image, 0.5);
            case SMALL -> scaled(image, (double) SMALL_SIDE / Math.max(w, h));
            case ENLARGED -> scaled(image, 2);
            case LARGE_FILM -> drawn(image, (int) (1.4 * w), (int) (1.4 * h), 1, 0, 0.1 * w, 0, 1, 0.3 * h);
            case CROPPED_5 -> drawn(image, (int) (0.9 * w), (int) (0.9 * h), 1, 0, -0.05 * w, 0, 1, -0.05 * h);
            case TWELVE_BITS_OF_16 -> levels(image, 16, (level, x, y) -> level / 16);
            case FLAT -> levels(image, image.bitDepth(), (level, x, y) -> 0.3 + 0.25 * level);
            case BRIGHT -> levels(image, image.bitDepth(), (level, x, y) -> Math.sqrt(level));
            case DARK -> levels(image, image.bitDepth(), (level, x, y) -> level * level);
            case NOISY -> levels(image, image.bitDepth(), (level, x, y) -> level + 0.1 * random.nextGaussian());
            case LETTERED -> lettered(image);
            case WHITE_RIM -> levels(image, image.bitDepth(), (level, x, y) -> edge(image, x, y) < 0.03 ? 1 : level);
            case COLLIMATED -> levels(image, image.bitDepth(), (level, x, y) -> edge(image, x, y) < 0.04 ? 0
                    : 0.15 + 0.85 * level);
        };
    }

    private static double edge(GrayImage image, int x, int y) {
        return Math.min(Math.min(x, image.width() - 1 - x), Math.min(y, image.height() - 1 - y))
                / (double) Math.max(image.width(), image.height());
    }

    private static Varied levels(GrayImage image, int bitDepth, Levels levels) {
        GrayImage to = GrayImage.black(image.width(), image.height(), bitDepth);
        for (int y = 0; y < image.height(); y++) {
            for (int x = 0; x < image.width(); x++) {
                double level = Math.clamp(levels.of(image.get(x, y) / (double) image.maxSample(), x, y), 0, 1);
                to.set(x, y, (int) Math.round(level * to.maxSample()));
            }
        }
        return new Varied(to, 1, 0, 0, 0, 1, 0);
    }

    /** A side letter and a line of text, white, in two corners. */
    private static Varied lettered(GrayImage image) {
        BufferedImage letters = new BufferedImage(image.width(), image.height(), BufferedImage.TYPE_BYTE_GRAY);
        Graphics2D graphics = letters.createGraphics();
        graphics.setColor(Color.WHITE);
        int size = Math.max(image.width(), image.height()) / 10;
        graphics.setFont(new Font(Font.SANS_SERIF, Font.BOLD, size));
        graphics.drawString("R", size / 4, size);
        graphics.drawString("AP 12:45", image.width() - 5 * size, image.height() - size / 4);
        graphics.dispose();
        return levels(image, image.bitDepth(), (level, x, y) ->
                Math.max(level, letters.getRaster().getSample(x, y, 0) / 255.0));
    }

    private static Varied scaled(GrayImage image, double scale) {
        return drawn(image, Math.max(1, (int) (scale * image.width())), Math.max(1, (int) (scale * image.height())),
                scale, 0, 0, 0, scale, 0);
    }

    /** About its middle, clockwise, in a picture that holds all of it. */
    private static Varied turned(GrayImage image, double degrees) {
        double c = Math.cos(Math.toRadians(degrees));
        double s = Math.sin(Math.toRadians(degrees));
        double w = image.width();
        double h = image.height();
        double toWidth = Math.abs(c) * w + Math.abs(s) * h;
        double toHeight = Math.abs(s) * w + Math.abs(c) * h;
        return drawn(image, (int) toWidth, (int) toHeight, c, -s, toWidth / 2 - c * w / 2 + s * h / 2, s, c,
                toHeight / 2 - s * w / 2 - c * h / 2);
    }

    /** What lies outside is black. Reduced pictures are means of 3 × 3 places in each pixel. */
    private static Varied drawn(GrayImage image, int width, int height, double a, double b, double c, double d,
            double e, double f) {
        GrayImage to = GrayImage.black(width, height, image.bitDepth());
        double det = a * e - b * d;
        for (int y = 0; y < height; y++) {
            for (int x = 0; x < width; x++) {
                int sum = 0;
                for (int k = 0; k < 9; k++) {
                    double px = x + (k % 3 + 0.5) / 3 - c;
                    double py = y + (k / 3 + 0.5) / 3 - f;
                    int u = (int) Math.floor((e * px - b * py) / det);
                    int v = (int) Math.floor((a * py - d * px) / det);
                    sum += u >= 0 && v >= 0 && u < image.width() && v < image.height() ? image.get(u, v) : 0;
                }
                to.set(x, y, sum / 9);
            }
        }
        return new Varied(to, a, b, c, d, e, f);
    }
}
