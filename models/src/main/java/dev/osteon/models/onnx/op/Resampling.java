package dev.osteon.models.onnx.op;

import java.util.Arrays;
import java.util.Locale;
import java.util.Optional;

/** How ONNX's Resize reads an axis: where an output lies in the input, and what its neighbours there weigh. */
record Resampling(Mode mode, Coordinates coordinates, Rounding rounding, double cubicA, boolean antialias,
        boolean excludeOutside, double extrapolation) {

    enum Mode { NEAREST, LINEAR, CUBIC }

    /** Which neighbour is the nearest one. */
    enum Rounding {
        ROUND_PREFER_FLOOR, ROUND_PREFER_CEIL, FLOOR, CEIL;

        static Optional<Rounding> of(String name) {
            return Arrays.stream(values()).filter(v -> v.name().toLowerCase(Locale.ROOT).equals(name)).findFirst();
        }
    }

    /** Where output i lies. */
    enum Coordinates {
        HALF_PIXEL, HALF_PIXEL_SYMMETRIC, PYTORCH_HALF_PIXEL, ALIGN_CORNERS, ASYMMETRIC, TF_HALF_PIXEL_FOR_NN,
        TF_CROP_AND_RESIZE;

        static Optional<Coordinates> of(String name) {
            return Arrays.stream(values()).filter(v -> v.name().toLowerCase(Locale.ROOT).equals(name)).findFirst();
        }
    }

    private double source(int i, int in, int out, double scale, double start, double end) {
        double width = scale * in;
        return switch (coordinates) {
            case HALF_PIXEL -> (i + 0.5) / scale - 0.5;
            case HALF_PIXEL_SYMMETRIC -> {
                double adjustment = out / width;
                double centre = in / 2.0;
                yield centre * (1 - adjustment) + (i + 0.5) / scale - 0.5;
            }
            case PYTORCH_HALF_PIXEL -> width == 1 ? 0 : (i + 0.5) / scale - 0.5;
            case ALIGN_CORNERS -> width == 1 ? 0 : i * (in - 1.0) / (width - 1);
            case ASYMMETRIC -> i / scale;
            case TF_HALF_PIXEL_FOR_NN -> (i + 0.5) / scale;
            case TF_CROP_AND_RESIZE -> out > 1
                    ? start * (in - 1) + i * (end - start) * (in - 1) / (out - 1.0) : 0.5 * (start + end) * (in - 1);
        };
    }

    /** For {@link Mode#NEAREST}: which input each output is. */
    long[] places(int in, int out, double scale) {
        long[] places = new long[out];
        Arrays.setAll(places, i -> Math.clamp(near(source(i, in, out, scale, 0, 1)), 0, in - 1L));
        return places;
    }

    private long near(double x) {
        return switch (rounding) {
            case FLOOR -> (long) Math.floor(x);
            case CEIL -> (long) Math.ceil(x);
            case ROUND_PREFER_CEIL -> (long) Math.floor(x + 0.5);
            case ROUND_PREFER_FLOOR -> (long) Math.ceil(x - 0.5);
        };
    }

    /**
     * Fills {@code weights} [in + 1, out], whose last row is what is added for what lies outside.
     *
     * @return 0 when that row is empty
     */
    double weights(int in, int out, double scale, double start, double end, double[] weights) {
        double added = 0;
        for (int i = 0; i < out; i++) {
            double x = source(i, in, out, scale, start, end);
            if (coordinates == Coordinates.TF_CROP_AND_RESIZE && (x < 0 || x > in - 1)) {
                weights[in * out + i] = extrapolation;
                added += Math.abs(extrapolation);
            } else if (mode == Mode.NEAREST) {
                weights[(int) Math.clamp(near(x), 0, in - 1L) * out + i] = 1;
            } else {
                taps(x, i, in, out, scale, weights);
            }
        }
        return added;
    }

    private void taps(double x, int i, int in, int out, double scale, double[] weights) {
        double stretch = antialias ? Math.max(1, 1 / scale) : 1;
        double support = (mode == Mode.LINEAR ? 1 : 2) * stretch;
        int from = (int) Math.floor(x - support) + 1;
        int to = (int) Math.ceil(x + support) - 1;
        if (x == Math.floor(x) && !antialias) {
            from = (int) x - (mode == Mode.LINEAR ? 0 : 1);
            to = (int) x + (mode == Mode.LINEAR ? 1 : 2);
        }
        double sum = 0;
        for (int j = from; j <= to; j++) {
            boolean counts = !excludeOutside || j >= 0 && j < in;
            sum += counts ? kernel((j - x) / stretch) : 0;
        }
        for (int j = from; j <= to; j++) {
            if (!excludeOutside || j >= 0 && j < in) {
                weights[(int) Math.clamp(j, 0, in - 1L) * out + i] += kernel((j - x) / stretch) / sum;
            }
        }
    }

    /** The triangle, or Keys' cubic convolution (1981, eq. 4) with parameter a. */
    private double kernel(double t) {
        double x = Math.abs(t);
        if (mode == Mode.LINEAR) {
            return Math.max(0, 1 - x);
        }
        double a = cubicA;
        return x <= 1 ? ((a + 2) * x - (a + 3)) * x * x + 1 : x < 2 ? ((a * x - 5 * a) * x + 8 * a) * x - 4 * a : 0;
    }
}
