package dev.osteon.app.phantom;

import dev.osteon.app.image.GrayImage;

/** Two hand-made descriptions of a bone segment, for asking what its label can be told from. */
final class SegmentFeatures {
    private static final int BINS = 24;
    private static final int RINGS = 8;
    private static final int[] LAGS = {1, 2, 3, 4, 6, 8};

    private SegmentFeatures() {
    }

    /** Mean and standard deviation of the non-zero samples, and their histogram. */
    static double[] histogram(GrayImage segment) {
        double[] features = new double[BINS + 2];
        int count = 0;
        for (int y = 0; y < segment.height(); y++) {
            for (int x = 0; x < segment.width(); x++) {
                int sample = segment.get(x, y);
                if (sample > 0) {
                    double level = sample / 65536.0;
                    features[(int) (level * BINS)]++;
                    features[BINS] += level;
                    features[BINS + 1] += level * level;
                    count++;
                }
            }
        }
        for (int i = 0; i < features.length; i++) {
            features[i] /= count;
        }
        features[BINS + 1] = Math.sqrt(features[BINS + 1] - features[BINS] * features[BINS]);
        return features;
    }

    /**
     * Geometry and texture, blind to brightness and contrast: mean level by distance from the outline (the cortex'
     * profile), and the variogram in both directions over the variance (the trabeculae's spacing).
     */
    static double[] structure(GrayImage segment) {
        double[] moments = histogram(segment);
        double mean = moments[BINS];
        double deviation = moments[BINS + 1];
        int[][] distance = distanceFromOutline(segment);
        double[] features = new double[RINGS + LAGS.length];
        int[] counts = new int[features.length];
        for (int y = 0; y < segment.height(); y++) {
            for (int x = 0; x < segment.width(); x++) {
                if (distance[y][x] == 0) {
                    continue;
                }
                double z = (segment.get(x, y) / 65536.0 - mean) / deviation;
                int ring = Math.min(distance[y][x], RINGS) - 1;
                features[ring] += z;
                counts[ring]++;
                for (int k = 0; k < LAGS.length; k++) {
                    int lag = LAGS[k];
                    for (int axis = 0; axis < 2; axis++) {
                        int x2 = x + (axis == 0 ? lag : 0);
                        int y2 = y + (axis == 1 ? lag : 0);
                        if (x2 < segment.width() && y2 < segment.height() && distance[y][x] > 1
                                && distance[y2][x2] > 1) {
                            double step = z - (segment.get(x2, y2) / 65536.0 - mean) / deviation;
                            features[RINGS + k] += step * step;
                            counts[RINGS + k]++;
                        }
                    }
                }
            }
        }
        for (int i = 0; i < features.length; i++) {
            features[i] = counts[i] == 0 ? 0 : features[i] / counts[i];
        }
        return features;
    }

    /** City-block distance to the nearest zero, 0 outside the mask; the segment has a margin of zeros. */
    private static int[][] distanceFromOutline(GrayImage segment) {
        int width = segment.width();
        int height = segment.height();
        int[][] distance = new int[height][width];
        for (int y = 1; y < height - 1; y++) {
            for (int x = 1; x < width - 1; x++) {
                distance[y][x] = segment.get(x, y) == 0 ? 0 : 1 + Math.min(distance[y - 1][x], distance[y][x - 1]);
            }
        }
        for (int y = height - 2; y > 0; y--) {
            for (int x = width - 2; x > 0; x--) {
                distance[y][x] =
                        Math.min(distance[y][x], 1 + Math.min(distance[y + 1][x], distance[y][x + 1]));
            }
        }
        return distance;
    }
}
