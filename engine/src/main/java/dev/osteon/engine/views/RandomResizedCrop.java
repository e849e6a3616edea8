package dev.osteon.engine.views;

import dev.osteon.engine.EngineException;
import dev.osteon.engine.random.Philox;

/**
 * The rectangle that torchvision's RandomResizedCrop.get_params draws (Szegedy et al. 2015, section 6): a random share
 * of the image's area at a random aspect ratio; after ten draws that do not fit, the largest central crop of an allowed
 * ratio. For elongated bones large shares often fail, so what is accepted leans to small ones.
 *
 * @param minScale smallest share of the whole image's area, above 0
 * @param maxScale largest share, at most 1
 */
public record RandomResizedCrop(double minScale, double maxScale) {

    /** Logarithm of the smallest aspect ratio, width to height. */
    public static final double MIN_LOG_RATIO = StrictMath.log(3.0 / 4);
    /** Logarithm of the largest. */
    public static final double MAX_LOG_RATIO = StrictMath.log(4.0 / 3);

    private static final int TRIES = 10;
    private static final double MIN_RATIO = 3.0 / 4;
    private static final double MAX_RATIO = 4.0 / 3;

    public RandomResizedCrop {
        if (!(minScale > 0 && minScale <= maxScale && maxScale <= 1)) {
            throw new EngineException("crop scale: given " + minScale + " to " + maxScale
                    + "; expected 0 < smallest ≤ largest ≤ 1");
        }
    }

    /** A crop of an image of {@code height} × {@code width} pixels. */
    public Crop draw(int height, int width, Philox random) {
        double area = (double) height * width;
        for (int i = 0; i < TRIES; i++) {
            double target = area * random.nextDouble(minScale, maxScale);
            double ratio = StrictMath.exp(random.nextDouble(MIN_LOG_RATIO, MAX_LOG_RATIO));
            int w = (int) Math.rint(Math.sqrt(target * ratio));     // half to even, as Python rounds
            int h = (int) Math.rint(Math.sqrt(target / ratio));
            if (w > 0 && w <= width && h > 0 && h <= height) {
                int top = random.nextInt(height - h + 1);
                return new Crop(top, random.nextInt(width - w + 1), h, w);
            }
        }
        return central(height, width);
    }

    private static Crop central(int height, int width) {
        double ratio = (double) width / height;
        int w = width;
        int h = height;
        if (ratio < MIN_RATIO) {
            h = (int) Math.rint(width / MIN_RATIO);
        } else if (ratio > MAX_RATIO) {
            w = (int) Math.rint(height * MAX_RATIO);
        }
        return new Crop((height - h) / 2, (width - w) / 2, h, w);
    }
}
