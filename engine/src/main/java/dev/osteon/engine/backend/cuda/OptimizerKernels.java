package dev.osteon.engine.backend.cuda;

import dev.osteon.engine.backend.KernelTable.Layouts;
import dev.osteon.engine.backend.cuda.TensorTables.Table;
import dev.osteon.engine.op.LarcStep;
import dev.osteon.engine.op.LossScaleStep;
import dev.osteon.engine.op.SgdStep;
import dev.osteon.engine.op.StepOperands;
import dev.osteon.engine.op.UnscaleGradients;
import dev.osteon.engine.tensor.Tensor;
import java.util.List;
import java.util.stream.Stream;

/** Optimiser steps over all tensors at once, in place: {@code cuda/optimizer.cu}. */
record OptimizerKernels(CudaRuntime cuda, TensorTables tables) {

    private static final String FILE = "optimizer";

    OptimizerKernels(CudaRuntime cuda) {
        this(cuda, new TensorTables(cuda));
    }

    void register(Registrar to) {
        to.put(SgdStep.class, Layouts.ANY, Registrar.F32, this::sgd)
                .put(LarcStep.class, Layouts.ANY, Registrar.F32, this::larc)
                .put(UnscaleGradients.class, Layouts.ANY, Registrar.F32, this::unscale)
                .put(LossScaleStep.class, Layouts.ANY, Registrar.F32, this::lossScale);
    }

    /** Of parameters, gradients and momenta in threes; gradients are brought to the parameters' layouts. */
    private Table table(List<Tensor> threes, Temporaries temporary) {
        long[] sizes = new long[threes.size() / 3];
        long[] lies = new long[threes.size()];
        for (int t = 0; t < sizes.length; t++) {
            Tensor p = threes.get(3 * t);
            sizes[t] = p.size();
            lies[3 * t] = p.segment().address();
            lies[3 * t + 1] = temporary.in(p.layout(), threes.get(3 * t + 1));
            lies[3 * t + 2] = threes.get(3 * t + 2).segment().address();
        }
        return tables.of(sizes, lies);
    }

    private Launch launch(String kernel, Table table) {
        return cuda.launch(FILE, kernel).address(table.pieces()).address(table.places()).integer(table.count());
    }

    /** A block for each piece: the GPU hands them out as others end. */
    private static void queue(Launch launch, Table table) {
        launch.each(table.count());
    }

    private void sgd(SgdStep op, List<Tensor> in, List<Tensor> out) {
        StepOperands step = StepOperands.of(in);
        try (Temporaries temporary = new Temporaries(cuda)) {
            Table table = table(step.threes(), temporary);
            queue(launch("sgd_f32", table).real(op.weightDecay()).real(op.momentum()).pointer(step.learningRate())
                    .integer(op.nesterov() == SgdStep.Nesterov.YES ? 1 : 0).addressOrNull(lossScale(step)), table);
        }
    }

    private void larc(LarcStep op, List<Tensor> in, List<Tensor> out) {
        StepOperands step = StepOperands.of(in);
        try (Temporaries temporary = new Temporaries(cuda)) {
            Table table = table(step.threes(), temporary);
            long squares = temporary.floats(2L * table.count(), "squares of LARC's pieces");
            long rates = temporary.floats(2L * table.tensors(), "LARC's rates");
            queue(launch("larc_squares_f32", table).address(squares), table);
            cuda.launch(FILE, "larc_rates_f32").address(squares).address(table.firsts()).integer(table.tensors())
                    .address(rates).real(op.trust()).real(op.weightDecay()).real(op.eps()).pointer(step.learningRate())
                    .integer(op.mode() == LarcStep.Mode.CLIP ? 1 : 0)
                    .warps(table.tensors());
            queue(launch("larc_f32", table).address(rates).real(op.momentum())
                    .pointer(step.learningRate()).addressOrNull(lossScale(step)), table);
        }
    }

    /** Where the loss scale's state lies; 0, which kernels take for none. */
    private static long lossScale(StepOperands step) {
        return step.lossScale().map(state -> state.segment().address()).orElse(0L);
    }

    /** Gradients are divided in the order in which they lie: their layout does not matter. */
    private void unscale(UnscaleGradients op, List<Tensor> in, List<Tensor> out) {
        List<Tensor> threes = in.stream().skip(1).flatMap(g -> Stream.of(g, g, g)).toList();
        try (Temporaries temporary = new Temporaries(cuda)) {
            Table table = table(threes, temporary);
            queue(launch("unscale_f32", table).pointer(in.getFirst()), table);
        }
    }

    private void lossScale(LossScaleStep op, List<Tensor> in, List<Tensor> out) {
        cuda.launch(FILE, "loss_scale_f32").pointer(in.getFirst()).real(op.growth()).real(op.backoff())
                .integer(op.interval()).over(1);
    }
}
