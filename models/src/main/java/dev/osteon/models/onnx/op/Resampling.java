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
        ROUND_PREFER_FLOOR, ROUND_PREFER_CEIL, FLOOR, CEIL,
        /** What opset 10 meant and opset 11 no longer has: up in a smaller result, down in a larger one. */
        BY_SCALE;

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

    /**
     * One axis.
     *
     * @param scale  size of the result by that of the input
     * @param start  where the result's first element lies, as a part of the input; for {@code tf_crop_and_resize}
     * @param end    where its last one lies
     * @param length the result's size before it was rounded
     */
    record Along(int axis, int in, int out, float scale, float start, float end, float length) {
        boolean isSame() {
            return in == out && scale == 1;
        }
    }

    /**
     * Where output i lies. In float32 and in this order, as onnxruntime and PyTorch do, for the nearest neighbour of
     * what lies half-way hangs on the last digit.
     */
    private float source(int i, Along x) {
        return switch (coordinates) {
            case HALF_PIXEL -> (i + 0.5f) / x.scale() - 0.5f;
            case HALF_PIXEL_SYMMETRIC -> {
                float centre = x.in() / 2f;
                float offset = centre * (1 - x.out() / (x.scale() * x.in()));
                yield (float) (offset + (i + 0.5) / x.scale() - 0.5);
            }
            case PYTORCH_HALF_PIXEL -> x.out() == 1 ? 0 : (i + 0.5f) / x.scale() - 0.5f;
            case ALIGN_CORNERS -> x.length() == 1 ? 0 : i * (x.in() - 1f) / (x.length() - 1);
            case ASYMMETRIC -> i / x.scale();
            case TF_HALF_PIXEL_FOR_NN -> (i + 0.5f) / x.scale();
            case TF_CROP_AND_RESIZE -> x.out() == 1 ? 0.5f * (x.start() + x.end()) * (x.in() - 1)
                    : x.start() * (x.in() - 1) + i * (x.end() - x.start()) * (x.in() - 1) / (x.out() - 1);
        };
    }

    /** For {@link Mode#NEAREST}: which input each output is. */
    long[] places(Along along) {
        long[] places = new long[along.out()];
        Arrays.setAll(places, i -> Math.clamp(near(source(i, along), along), 0, along.in() - 1L));
        return places;
    }

    private long near(float x, Along along) {
        return switch (rounding) {
            case FLOOR -> (long) Math.floor(x);
            case BY_SCALE -> (long) (along.scale() < 1 ? Math.ceil(x) : Math.floor(x));
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
    double weights(Along along, double[] weights) {
        int in = along.in();
        int out = along.out();
        double added = 0;
        for (int i = 0; i < out; i++) {
            float x = source(i, along);
            if (coordinates == Coordinates.TF_CROP_AND_RESIZE && (x < 0 || x > in - 1)) {
                weights[in * out + i] = extrapolation;
                added += Math.abs(extrapolation);
            } else if (mode == Mode.NEAREST) {
                weights[(int) Math.clamp(near(x, along), 0, in - 1L) * out + i] = 1;
            } else {
                taps(x, i, along, weights);
            }
        }
        return added;
    }

    private void taps(double x, int i, Along along, double[] weights) {
        int in = along.in();
        int out = along.out();
        double stretch = antialias ? Math.max(1, 1 / along.scale()) : 1;
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
