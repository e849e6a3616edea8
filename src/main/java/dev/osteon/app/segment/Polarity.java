package dev.osteon.app.segment;

import dev.osteon.app.image.GrayImage;
import java.util.stream.IntStream;

/**
 * Whether bone is bright, as nearly always, or dark on a bright background. Around a hand there is air, which is at the
 * dark end of an upright picture's greys and at the bright end of an inverted one's. The outer band of the picture is
 * wide enough that a frame, letters or a white rim outside the collimator are the lesser part of it.
 */
final class Polarity {

    /** Of the picture's sides, how far the band reaches inwards. */
    private static final double BAND = 0.15;
    /** Of the samples in order: what lies outside is letters and frames. */
    private static final double ENDS = 0.01;

    private Polarity() {}

    /** The image with bright bone: itself, or inverted where the grey of its outer band is nearer to the bright end. */
    static GrayImage boneBright(GrayImage image) {
        int[] all = sorted(image, Part.WHOLE);
        int[] outer = sorted(image, Part.BAND);
        int dark = all[(int) (ENDS * (all.length - 1))];
        int bright = all[(int) ((1 - ENDS) * (all.length - 1))];
        if (2L * outer[outer.length / 2] <= (long) dark + bright) {
            return image;
        }
        return image.inverted();
    }

    private enum Part { WHOLE, BAND }

    /** Samples of some 500 × 500 places. */
    private static int[] sorted(GrayImage image, Part part) {
        int step = Math.max(1, Math.max(image.width(), image.height()) / 500);
        IntStream.Builder samples = IntStream.builder();
        for (int y = 0; y < image.height(); y += step) {
            for (int x = 0; x < image.width(); x += step) {
                double edge = Math.min(Math.min(x, image.width() - 1 - x) / (double) image.width(),
                        Math.min(y, image.height() - 1 - y) / (double) image.height());
                if (part == Part.WHOLE || edge < BAND) {
                    samples.add(image.get(x, y));
                }
            }
        }
        return samples.build().sorted().toArray();
    }
}
