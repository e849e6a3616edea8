package dev.osteon.engine.backend.cuda;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import dev.osteon.engine.backend.KernelTable.Layouts;
import dev.osteon.engine.op.LarcStep;
import dev.osteon.engine.op.LossScaleStep;
import dev.osteon.engine.op.SgdStep;
import dev.osteon.engine.op.UnscaleGradients;
import dev.osteon.engine.tensor.Tensor;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.List;
import java.util.stream.Stream;

/** Optimiser steps over all tensors at once, in place: {@code cuda/optimizer.cu}. */
record OptimizerKernels(CudaRuntime cuda) {

    private static final String FILE = "optimizer";
    private static final long PIECE = 1 << 16;
    /** {@code struct Piece}. */
    private static final long PIECE_BYTES = 48;

    void register(Registrar to) {
        to.put(SgdStep.class, Layouts.ANY, Registrar.F32, this::sgd)
                .put(LarcStep.class, Layouts.ANY, Registrar.F32, this::larc)
                .put(UnscaleGradients.class, Layouts.ANY, Registrar.F32, this::unscale)
                .put(LossScaleStep.class, Layouts.ANY, Registrar.F32, this::lossScale);
    }

    /** Tables in device memory: the pieces, and for each tensor the first of its own (and the end, one more). */
    private record Pieces(long table, long firsts, int count, int tensors) {

        static Pieces upload(CudaRuntime cuda, List<Tensor> in, Temporaries temporary) {
            int tensors = in.size() / 3;                  // what is left is a loss scale
            int count = 0;
            for (int t = 0; t < tensors; t++) {
                count += (int) ((in.get(3 * t).size() + PIECE - 1) / PIECE);
            }
            long bytes = PIECE_BYTES * count;
            long total = bytes + 4L * (tensors + 1);
            try (Arena arena = Arena.ofConfined()) {
                MemorySegment table = arena.allocate(total, 8);
                int piece = 0;
                for (int t = 0; t < tensors; t++) {
                    Tensor p = in.get(3 * t);
                    long gradient = temporary.in(p.layout(), in.get(3 * t + 1));
                    table.set(JAVA_INT, bytes + 4L * t, piece);
                    for (long from = 0; from < p.size(); from += PIECE) {
                        long at = PIECE_BYTES * piece++;
                        table.set(JAVA_LONG, at, p.segment().address());
                        table.set(JAVA_LONG, at + 8, gradient);
                        table.set(JAVA_LONG, at + 16, in.get(3 * t + 2).segment().address());
                        table.set(JAVA_LONG, at + 24, from);
                        table.set(JAVA_LONG, at + 32, Math.min(PIECE, p.size() - from));
                        table.set(JAVA_INT, at + 40, t);
                    }
                }
                table.set(JAVA_INT, bytes + 4L * tensors, piece);
                long address = temporary.bytes(total, "table of parameters");
                cuda.staging().upload(table, address);
                return new Pieces(address, address + bytes, count, tensors);
            }
        }
    }

    private void sgd(SgdStep op, List<Tensor> in, List<Tensor> out) {
        try (Temporaries temporary = new Temporaries(cuda)) {
            Pieces pieces = Pieces.upload(cuda, in, temporary);
            cuda.launch(FILE, "sgd_f32").address(pieces.table).integer(pieces.count).real(op.weightDecay())
                    .real(op.momentum()).real(op.learningRate())
                    .integer(op.nesterov() == SgdStep.Nesterov.YES ? 1 : 0).address(lossScale(in)).rows(pieces.count);
        }
    }

    private void larc(LarcStep op, List<Tensor> in, List<Tensor> out) {
        try (Temporaries temporary = new Temporaries(cuda)) {
            Pieces pieces = Pieces.upload(cuda, in, temporary);
            long squares = temporary.floats(2L * pieces.count, "squares of LARC's pieces");
            long rates = temporary.floats(2L * pieces.tensors, "LARC's rates");
            cuda.launch(FILE, "larc_squares_f32").address(pieces.table).integer(pieces.count).address(squares)
                    .rows(pieces.count);
            cuda.launch(FILE, "larc_rates_f32").address(squares).address(pieces.firsts).integer(pieces.tensors)
                    .address(rates).real(op.trust()).real(op.weightDecay()).real(op.eps()).real(op.learningRate())
                    .integer(op.mode() == LarcStep.Mode.CLIP ? 1 : 0).over(pieces.tensors);
            cuda.launch(FILE, "larc_f32").address(pieces.table).integer(pieces.count).address(rates)
                    .real(op.momentum()).real(op.learningRate()).address(lossScale(in)).rows(pieces.count);
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
            Pieces pieces = Pieces.upload(cuda, threes, temporary);
            cuda.launch(FILE, "unscale_f32").address(pieces.table).integer(pieces.count).pointer(in.getFirst())
                    .rows(pieces.count);
        }
    }

    private void lossScale(LossScaleStep op, List<Tensor> in, List<Tensor> out) {
        cuda.launch(FILE, "loss_scale_f32").pointer(in.getFirst()).real(op.growth()).real(op.backoff())
                .integer(op.interval()).over(1);
    }
}
