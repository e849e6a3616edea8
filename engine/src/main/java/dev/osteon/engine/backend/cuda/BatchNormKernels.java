package dev.osteon.engine.backend.cuda;

import dev.osteon.engine.backend.KernelTable.Layouts;
import dev.osteon.engine.op.Activation;
import dev.osteon.engine.op.BatchNormBackward;
import dev.osteon.engine.op.BatchNormEval;
import dev.osteon.engine.op.BatchNormTrain;
import dev.osteon.engine.op.RunningStatistics;
import dev.osteon.engine.tensor.Layout;
import dev.osteon.engine.tensor.Tensor;
import java.util.List;

/** Batch normalisation (+ residual) + ReLU: {@code cuda/batchnorm.cu}. */
record BatchNormKernels(CudaRuntime cuda) {

    private static final String FILE = "batchnorm";
    private static final int CHANNELS = 32;
    private static final long PIECE = 1024;
    private static final long MAX_PARTS = 64;
    private static final long ABSENT = 0;

    void register(Registrar to) {
        to.put(BatchNormTrain.class, Layouts.ANY, Registrar.F32_OR_LOW, this::train)
                .put(BatchNormEval.class, Layouts.ANY, Registrar.F32_OR_LOW, this::eval)
                .put(BatchNormBackward.class, Layouts.ANY, Registrar.F32_OR_LOW, this::backward)
                .put(RunningStatistics.class, Layouts.ANY, Registrar.F32, this::running);
    }

    /** Activations as [outer, channels, inner] in memory, count = outer·inner values a channel, cut into parts. */
    private record Channels(int channels, long inner, long count, long parts) {

        static Channels of(Tensor x) {
            int channels = x.dim(1);
            long inner = 1;
            for (int d = 2; d < x.rank() && x.layout() == Layout.ROW_MAJOR; d++) {
                inner *= x.dim(d);
            }
            long count = x.size() / Math.max(1, channels);
            return new Channels(channels, inner, count, Math.clamp((count + PIECE - 1) / PIECE, 1, MAX_PARTS));
        }

        long piece() {
            return (count + parts - 1) / parts;
        }

        void launch(Launch launch) {
            if (inner == 1) {
                launch.grid(launch.blocks((channels + CHANNELS - 1) / CHANNELS), (int) parts, CHANNELS,
                        Launch.BLOCK / CHANNELS);
            } else {
                launch.grid(launch.blocks(channels), (int) parts, Launch.BLOCK, 1);
            }
        }
    }

    private void train(BatchNormTrain op, List<Tensor> in, List<Tensor> out) {
        Tensor x = in.getFirst();
        Channels c = Channels.of(x);
        try (Temporaries temporary = new Temporaries(cuda)) {
            long first = temporary.floats(c.parts * c.channels, "batch-norm parts");
            long second = temporary.floats(c.parts * c.channels, "batch-norm parts");
            c.launch(cuda.launch(FILE, "batch_norm_sums_" + x.dtype()).pointer(x).address(first).address(second)
                    .integer(c.channels).wide(c.count).wide(c.piece()).wide(c.inner));
            cuda.launch(FILE, "batch_norm_statistics_" + x.dtype()).pointer(x).address(first).address(second)
                    .pointer(out.get(1)).pointer(out.get(2)).integer(c.channels).wide(c.count).wide(c.inner)
                    .integer((int) c.parts).over(c.channels);
            apply(in, out.get(1), out.get(2), in.subList(3, in.size()), out.getFirst(), op.eps(), op.activation(),
                    temporary);
        }
    }

    private void running(RunningStatistics op, List<Tensor> in, List<Tensor> out) {
        int channels = Math.toIntExact(in.getFirst().size());
        cuda.launch(FILE, "running_statistics_f32").pointer(in.get(0)).pointer(in.get(1)).pointer(in.get(2))
                .pointer(in.get(3)).integer(channels).exact(op.momentum()).exact(op.varianceShare()).over(channels);
    }

    private void eval(BatchNormEval op, List<Tensor> in, List<Tensor> out) {
        try (Temporaries temporary = new Temporaries(cuda)) {
            apply(in, in.get(3), in.get(4), in.subList(5, in.size()), out.getFirst(), op.eps(), op.activation(),
                    temporary);
        }
    }

    private void apply(List<Tensor> in, Tensor mean, Tensor variance, List<Tensor> residual, Tensor y, double eps,
            Activation activation, Temporaries temporary) {
        Channels c = Channels.of(y);
        long x = temporary.like(y.spec(), in.getFirst());
        long added = residual.isEmpty() ? ABSENT : temporary.like(y.spec(), residual.getFirst());
        cuda.launch(FILE, "batch_norm_apply_" + y.dtype()).address(x)
                .pointer(in.get(1)).pointer(in.get(2)).pointer(mean).pointer(variance).address(added).pointer(y)
                .wide(y.size()).integer(c.channels).wide(c.inner).real(eps)
                .integer(activation == Activation.RELU ? 1 : 0).over(y.size());
    }

    private void backward(BatchNormBackward op, List<Tensor> in, List<Tensor> out) {
        Tensor dx = out.getFirst();
        Channels c = Channels.of(dx);
        try (Temporaries temporary = new Temporaries(cuda)) {
            long dy = temporary.like(dx.spec(), in.get(0));
            long x = temporary.like(dx.spec(), in.get(1));
            long y = op.activation() == Activation.RELU ? temporary.like(dx.spec(), in.get(5)) : ABSENT;
            long dgamma = temporary.floats(c.parts * c.channels, "dgamma parts");
            long dbeta = temporary.floats(c.parts * c.channels, "dbeta parts");
            c.launch(cuda.launch(FILE, "batch_norm_backward_sums_" + dx.dtype()).address(dy).address(x).address(y)
                    .pointer(in.get(3)).pointer(in.get(4)).address(dgamma).address(dbeta).integer(c.channels)
                    .wide(c.count).wide(c.piece()).wide(c.inner).real(op.eps()));
            ReductionKernels.addParts(cuda, dgamma, out.get(1), c.parts);
            ReductionKernels.addParts(cuda, dbeta, out.get(2), c.parts);
            cuda.launch(FILE, "batch_norm_backward_" + dx.dtype()).address(dy).address(x).address(y)
                    .pointer(in.get(2)).pointer(in.get(3)).pointer(in.get(4)).pointer(out.get(1)).pointer(out.get(2))
                    .pointer(dx).address(out.size() == 4 ? out.get(3).segment().address() : ABSENT).wide(dx.size())
                    .integer(c.channels).wide(c.count).wide(c.inner).real(op.eps()).over(dx.size());
        }
    }
}
