package dev.osteon.engine.backend.cuda;

import dev.osteon.engine.backend.KernelTable.Layouts;
import dev.osteon.engine.op.Activation;
import dev.osteon.engine.op.BatchNormBackward;
import dev.osteon.engine.op.BatchNormEval;
import dev.osteon.engine.op.BatchNormTrain;
import dev.osteon.engine.op.RunningStatistics;
import dev.osteon.engine.tensor.Tensor;
import java.util.List;

/** Batch normalisation (+ residual) + ReLU: {@code cuda/batchnorm.cu}. */
record BatchNormKernels(CudaRuntime cuda) {

    private static final String FILE = "batchnorm";
    private static final int ADDED_CHANNELS = 8;
    private static final int ADDED_PARTS = 64;
    private static final long ABSENT = 0;

    void register(Registrar to) {
        to.put(BatchNormTrain.class, Layouts.ANY, Registrar.F32_OR_LOW, this::train)
                .put(BatchNormEval.class, Layouts.ANY, Registrar.F32_OR_LOW, this::eval)
                .put(BatchNormBackward.class, Layouts.ANY, Registrar.F32_OR_LOW, this::backward)
                .put(RunningStatistics.class, Layouts.ANY, Registrar.F32, this::running);
    }

    private void train(BatchNormTrain op, List<Tensor> in, List<Tensor> out) {
        Tensor x = in.getFirst();
        Channels c = Channels.of(x);
        try (Temporaries temporary = new Temporaries(cuda)) {
            long first = temporary.floats(c.parts() * c.channels(), "batch-norm parts");
            long second = temporary.floats(c.parts() * c.channels(), "batch-norm parts");
            c.over(launch("sums", c, x).pointer(x).address(first).address(second));
            added(launch("statistics", c, x).pointer(x).address(first).address(second).pointer(out.get(1))
                    .pointer(out.get(2)), c);
            apply(in, out.get(1), out.get(2), in.subList(3, in.size()), out.getFirst(), op.eps(), op.activation(),
                    temporary);
        }
    }

    private Launch launch(String kernel, Channels c, Tensor x) {
        return c.arguments(cuda.launch(FILE, "batch_norm_" + kernel + "_" + x.dtype()));
    }

    /** Queues what adds up parts. */
    private static void added(Launch launch, Channels c) {
        launch.grid(launch.blocks(Math.ceilDiv(c.channels(), ADDED_CHANNELS)), 1, ADDED_CHANNELS, ADDED_PARTS);
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
        c.over(launch("apply", c, y).address(x).pointer(in.get(1)).pointer(in.get(2)).pointer(mean).pointer(variance)
                .address(added).pointer(y).real(eps).integer(activation == Activation.RELU ? 1 : 0));
    }

    private void backward(BatchNormBackward op, List<Tensor> in, List<Tensor> out) {
        Tensor dx = out.getFirst();
        Channels c = Channels.of(dx);
        boolean relu = op.activation() == Activation.RELU;
        try (Temporaries temporary = new Temporaries(cuda)) {
            long dy = temporary.like(dx.spec(), in.get(0));
            long x = temporary.like(dx.spec(), in.get(1));
            long y = relu ? temporary.like(dx.spec(), in.get(5)) : ABSENT;
            long masked = out.size() == 4 ? out.get(3).segment().address() : ABSENT;
            long open = relu && masked == ABSENT && c.size() > 1
                    ? temporary.bytes(dx.size() / c.size(), "where a ReLU was open") : ABSENT;
            long first = temporary.floats(c.parts() * c.channels(), "dgamma parts");
            long second = temporary.floats(c.parts() * c.channels(), "dbeta parts");
            c.over(launch("backward_sums", c, dx).address(dy).address(x).address(y).pointer(in.get(3)).address(first)
                    .address(second).address(masked).address(open));
            added(c.arguments(cuda.launch(FILE, "batch_norm_gradients_f32")).address(first).address(second)
                    .pointer(in.get(4)).pointer(out.get(1)).pointer(out.get(2)).real(op.eps()), c);
            c.over(launch("backward", c, dx).address(masked == ABSENT ? dy : masked).address(x)
                    .address(masked == ABSENT ? y : ABSENT).address(open).pointer(in.get(2)).pointer(in.get(3))
                    .pointer(in.get(4)).pointer(out.get(1)).pointer(out.get(2)).pointer(dx).real(op.eps()));
        }
    }
}
