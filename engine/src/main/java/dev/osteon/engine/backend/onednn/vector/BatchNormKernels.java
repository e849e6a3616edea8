package dev.osteon.engine.backend.onednn.vector;

import static dev.osteon.engine.backend.KernelTable.Layouts.ANY;

import dev.osteon.engine.backend.KernelTable;
import dev.osteon.engine.op.Activation;
import dev.osteon.engine.op.BatchNormBackward;
import dev.osteon.engine.op.BatchNormEval;
import dev.osteon.engine.op.BatchNormTrain;
import dev.osteon.engine.tensor.DType;
import dev.osteon.engine.tensor.Layout;
import dev.osteon.engine.tensor.Tensor;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.EnumSet;
import java.util.List;
import java.util.Optional;

/**
 * Batch normalisation of float32 or bfloat16, computed in float32, with the fewest passes over memory: statistics in
 * one (chunks stay in cache for the centred squares), normalisation + residual + ReLU in one; backward one for the sums
 * and one for dx.
 *
 * <p>A tensor is seen as rows of {@link Channels}: channels-last data as [pixels, C], row-major data as C-fold strips.
 */
final class BatchNormKernels {

    private BatchNormKernels() {}

    static void register(KernelTable table) {
        EnumSet<DType> types = EnumSet.of(DType.F32, DType.BF16);
        table.put(BatchNormTrain.class, ANY, types, BatchNormKernels::train)
                .put(BatchNormEval.class, ANY, types, BatchNormKernels::eval)
                .put(BatchNormBackward.class, ANY, types, BatchNormKernels::backward);
    }

    private static void train(BatchNormTrain op, List<Tensor> in, List<Tensor> out) {
        Tensor x = in.getFirst();
        Rows rows = Rows.of(x, x.dtype());
        float[] gamma = floats(in.get(1));
        float[] beta = floats(in.get(2));
        double[] mean = new double[rows.channels()];
        double[] variance = new double[rows.channels()];
        FloatRows data = rows.view(x);
        rows.statistics(data, mean, variance);
        float[] scale = new float[rows.channels()];
        float[] shift = new float[rows.channels()];
        for (int c = 0; c < scale.length; c++) {
            double s = gamma[c] / Math.sqrt(variance[c] + op.eps());
            scale[c] = (float) s;
            shift[c] = (float) (beta[c] - mean[c] * s);
        }
        Optional<FloatRows> residual = residual(rows, in, 3, x);
        rows.normalize(data, scale, shift, residual, op.activation(), rows.view(out.get(0)));
        store(mean, out.get(1));
        store(variance, out.get(2));
    }

    private static void eval(BatchNormEval op, List<Tensor> in, List<Tensor> out) {
        Tensor x = in.getFirst();
        float[] gamma = floats(in.get(1));
        float[] beta = floats(in.get(2));
        float[] mean = floats(in.get(3));
        float[] variance = floats(in.get(4));
        float[] scale = new float[gamma.length];
        float[] shift = new float[gamma.length];
        for (int c = 0; c < scale.length; c++) {
            double s = gamma[c] / Math.sqrt(variance[c] + op.eps());
            scale[c] = (float) s;
            shift[c] = (float) (beta[c] - mean[c] * s);
        }
        Rows rows = Rows.of(x, x.dtype());
        rows.normalize(rows.view(x), scale, shift, residual(rows, in, 5, x), op.activation(),
                rows.view(out.getFirst()));
    }

    private static void backward(BatchNormBackward op, List<Tensor> in, List<Tensor> out) {
        Tensor x = in.get(1);
        Rows rows = Rows.of(x, in.get(0).dtype() == x.dtype() ? x.dtype() : DType.F32);
        boolean relu = op.activation() == Activation.RELU;
        boolean writesMasked = out.size() == 4;
        FloatRows dy = aligned(rows, in.get(0), x);
        FloatRows data = rows.view(x);
        float[] gamma = floats(in.get(2));
        float[] mean = floats(in.get(3));
        float[] variance = floats(in.get(4));
        double[] dbeta = new double[gamma.length];
        double[] dgamma = new double[gamma.length];   // Σ g·(x − mean) at first
        Optional<FloatRows> y = relu ? Optional.of(aligned(rows, in.get(5), x)) : Optional.empty();
        FloatRows dx = rows.view(out.get(0));
        Optional<FloatRows> masked = writesMasked ? Optional.of(rows.view(out.get(3)))
                : relu && rows.masking() == Masking.WRITTEN ? Optional.of(dx) : Optional.empty();
        rows.gradientSums(dy, data, y, masked, mean, dbeta, dgamma);

        double n = (double) x.size() / gamma.length;
        float[] a = new float[gamma.length];          // dx = a·g + b·x + c
        float[] b = new float[gamma.length];
        float[] c = new float[gamma.length];
        for (int k = 0; k < gamma.length; k++) {
            double r = 1 / Math.sqrt(variance[k] + op.eps());
            dgamma[k] *= r;
            double slope = -gamma[k] * r * r * dgamma[k] / n;
            a[k] = (float) (gamma[k] * r);
            b[k] = (float) slope;
            c[k] = (float) (-gamma[k] * r * dbeta[k] / n - slope * mean[k]);
        }
        if (masked.isPresent()) {
            rows.inputGradient(masked.get(), data, Optional.empty(), a, b, c, dx);
        } else {
            rows.inputGradient(dy, data, y, a, b, c, dx);
        }
        store(dgamma, out.get(1));
        store(dbeta, out.get(2));
    }

    private static Optional<FloatRows> residual(Rows rows, List<Tensor> in, int index, Tensor x) {
        return in.size() > index ? Optional.of(aligned(rows, in.get(index), x)) : Optional.empty();
    }

    /** The tensor's memory in x's layout; a copy in the rare case that it lies otherwise. */
    private static FloatRows aligned(Rows rows, Tensor tensor, Tensor x) {
        return rows.view(tensor.to(x.layout()));
    }

    private static float[] floats(Tensor perChannel) {
        return perChannel.segment().toArray(ValueLayout.JAVA_FLOAT);
    }

    private static void store(double[] values, Tensor target) {
        MemorySegment memory = target.segment();
        for (int i = 0; i < values.length; i++) {
            memory.setAtIndex(ValueLayout.JAVA_FLOAT, i, (float) values[i]);
        }
    }

    /** How the second backward pass comes to the gradient that the activation let through. */
    enum Masking {
        /** It is masked again, from y. */
        AGAIN,
        /** The first pass has written it. */
        WRITTEN
    }

    /** The passes over memory, in the arrangements of channels. */
    interface Rows {

        /** @param type of all tensors, or float32 where they are of different ones */
        static Rows of(Tensor x, DType type) {
            int channels = x.dim(1);
            long n = x.dim(0);
            long pixels = x.size() / Math.max(1, n * channels);
            boolean last = x.layout() == Layout.NHWC || pixels == 1;
            if (last && type == DType.BF16 && channels % ChannelsLastBf16.GROUP == 0) {
                return new ChannelsLastBf16(n * pixels, channels);
            }
            return last ? new ChannelsLast(n * pixels, channels)
                    : new ChannelPlanes(Math.toIntExact(n), channels, pixels);
        }

        int channels();

        /** A tensor of x's shape and layout. */
        default FloatRows view(Tensor tensor) {
            return FloatRows.of(tensor, channels());
        }

        void statistics(FloatRows x, double[] mean, double[] variance);

        /** y = act(x·scale + shift (+ residual)). */
        void normalize(FloatRows x, float[] scale, float[] shift, Optional<FloatRows> residual,
                Activation activation, FloatRows y);

        /** Which way costs less here. */
        default Masking masking() {
            return Masking.AGAIN;
        }

        /** Per channel Σ g and Σ g·(x − mean), g being dy where y &gt; 0; g is written to {@code masked} if present. */
        void gradientSums(FloatRows dy, FloatRows x, Optional<FloatRows> y, Optional<FloatRows> masked,
                float[] mean, double[] sum, double[] product);

        /** dx = a·g + b·x + c; dx may be dy, and y is empty where the masking is written. */
        void inputGradient(FloatRows dy, FloatRows x, Optional<FloatRows> y, float[] a, float[] b,
                float[] c,
                FloatRows dx);
    }
}
