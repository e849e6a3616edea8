package dev.osteon.app.segment;

import dev.osteon.app.image.GrayImage;
import java.util.Arrays;

/** Whether bone is bright, as nearly always, or dark on a bright background. */
final class Polarity {

    private static final double RIM = 0.04;
    /** How much brighter, of the whole range, the rim must be than the middle. */
    private static final double CLEARLY = 0.15;

    private Polarity() {}

    /** The image with bright bone: itself, or inverted where its rim is clearly brighter than its middle. */
    static GrayImage boneBright(GrayImage image) {
        if (median(image, true) - median(image, false) < CLEARLY * image.maxSample()) {
            return image;
        }
        GrayImage inverted = GrayImage.black(image.width(), image.height(), image.bitDepth());
        for (int y = 0; y < image.height(); y++) {
            for (int x = 0; x < image.width(); x++) {
                inverted.set(x, y, image.maxSample() - image.get(x, y));
            }
        }
        return inverted;
    }

    private static int median(GrayImage image, boolean ofRim) {
        int step = Math.max(1, Math.max(image.width(), image.height()) / 500);
        int[] samples = new int[(image.width() / step + 1) * (image.height() / step + 1)];
        int count = 0;
        for (int y = 0; y < image.height(); y += step) {
            for (int x = 0; x < image.width(); x += step) {
                double edge = Math.min(Math.min(x, image.width() - 1 - x) / (double) image.width(),
                        Math.min(y, image.height() - 1 - y) / (double) image.height());
                if (ofRim ? edge < RIM : edge > 0.25) {
                    samples[count++] = image.get(x, y);
                }
            }
        }
        Arrays.sort(samples, 0, count);
        return count == 0 ? 0 : samples[count / 2];
    }
}
