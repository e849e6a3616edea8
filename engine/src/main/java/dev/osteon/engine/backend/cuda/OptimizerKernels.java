package dev.osteon.engine.backend.cuda;

import dev.osteon.engine.backend.KernelTable.Layouts;
import dev.osteon.engine.backend.cuda.ParameterTables.Table;
import dev.osteon.engine.op.LarcStep;
import dev.osteon.engine.op.LossScaleStep;
import dev.osteon.engine.op.SgdStep;
import dev.osteon.engine.op.UnscaleGradients;
import dev.osteon.engine.tensor.Tensor;
import java.util.List;
import java.util.stream.Stream;

/** Optimiser steps over all tensors at once, in place: {@code cuda/optimizer.cu}. */
record OptimizerKernels(CudaRuntime cuda, ParameterTables tables) {

    private static final String FILE = "optimizer";

    OptimizerKernels(CudaRuntime cuda) {
        this(cuda, new ParameterTables(cuda));
    }

    void register(Registrar to) {
        to.put(SgdStep.class, Layouts.ANY, Registrar.F32, this::sgd)
                .put(LarcStep.class, Layouts.ANY, Registrar.F32, this::larc)
                .put(UnscaleGradients.class, Layouts.ANY, Registrar.F32, this::unscale)
                .put(LossScaleStep.class, Layouts.ANY, Registrar.F32, this::lossScale);
    }

    private Launch launch(String kernel, Table table) {
        return cuda.launch(FILE, kernel).address(table.pieces()).address(table.places()).integer(table.count());
    }

    /** A block for each piece: the GPU hands them out as others end. */
    private static void queue(Launch launch, Table table) {
        launch.each(table.count());
    }

    private void sgd(SgdStep op, List<Tensor> in, List<Tensor> out) {
        try (Temporaries temporary = new Temporaries(cuda)) {
            Table table = tables.of(in, temporary);
            queue(launch("sgd_f32", table).real(op.weightDecay()).real(op.momentum()).real(op.learningRate())
                    .integer(op.nesterov() == SgdStep.Nesterov.YES ? 1 : 0).address(lossScale(in)), table);
        }
    }

    private void larc(LarcStep op, List<Tensor> in, List<Tensor> out) {
        try (Temporaries temporary = new Temporaries(cuda)) {
            Table table = tables.of(in, temporary);
            long squares = temporary.floats(2L * table.count(), "squares of LARC's pieces");
            long rates = temporary.floats(2L * table.tensors(), "LARC's rates");
            queue(launch("larc_squares_f32", table).address(squares), table);
            cuda.launch(FILE, "larc_rates_f32").address(squares).address(table.firsts()).integer(table.tensors())
                    .address(rates).real(op.trust()).real(op.weightDecay()).real(op.eps()).real(op.learningRate())
                    .integer(op.mode() == LarcStep.Mode.CLIP ? 1 : 0)
                    .warps(table.tensors());
            queue(launch("larc_f32", table).address(rates).real(op.momentum()).real(op.learningRate())
                    .address(lossScale(in)), table);
        }
    }

    /** The loss scale's state behind the operands in threes, or null. */
    private static long lossScale(List<Tensor> in) {
        return in.size() % 3 == 0 ? 0 : in.getLast().segment().address();
    }

    /** Gradients are divided in the order in which they lie: their layout does not matter. */
    private void unscale(UnscaleGradients op, List<Tensor> in, List<Tensor> out) {
        List<Tensor> threes = in.stream().skip(1).flatMap(g -> Stream.of(g, g, g)).toList();
        try (Temporaries temporary = new Temporaries(cuda)) {
            Table table = tables.of(threes, temporary);
            queue(launch("unscale_f32", table).pointer(in.getFirst()), table);
        }
    }

    private void lossScale(LossScaleStep op, List<Tensor> in, List<Tensor> out) {
        cuda.launch(FILE, "loss_scale_f32").pointer(in.getFirst()).real(op.growth()).real(op.backoff())
                .integer(op.interval()).over(1);
    }
}
