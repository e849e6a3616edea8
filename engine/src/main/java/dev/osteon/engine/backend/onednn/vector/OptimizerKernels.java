package dev.osteon.engine.backend.onednn.vector;

import static java.lang.foreign.ValueLayout.JAVA_FLOAT_UNALIGNED;

import dev.osteon.engine.backend.KernelTable;
import dev.osteon.engine.backend.KernelTable.Layouts;
import dev.osteon.engine.backend.host.LossScales;
import dev.osteon.engine.op.LarcStep;
import dev.osteon.engine.op.SgdStep;
import dev.osteon.engine.op.StepOperands;
import dev.osteon.engine.tensor.DType;
import dev.osteon.engine.tensor.Tensor;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import jdk.incubator.vector.FloatVector;

/**
 * Optimiser steps over all tensors at once, in pieces of fixed size: threads share pieces, not tensors, and norms are
 * added up in the pieces' order, so that the result does not depend on the number of threads.
 */
final class OptimizerKernels {

    private static final int PIECE = 1 << 15;
    /** Elements of the tensors that LARC steps at once: weights and gradients fit the last level of cache. */
    private static final long TOGETHER = 1 << 20;

    private OptimizerKernels() {}

    static void register(KernelTable table) {
        EnumSet<DType> f32 = EnumSet.of(DType.F32);
        table.put(SgdStep.class, Layouts.ROW_MAJOR, f32, OptimizerKernels::sgd)
                .put(LarcStep.class, Layouts.ROW_MAJOR, f32, OptimizerKernels::larc);
    }

    /** Elements from … end of one tensor, its gradient and its momentum buffer. */
    private record Piece(int tensor, MemorySegment p, MemorySegment g, MemorySegment b, long from, long end) {}

    private static List<Piece> pieces(List<Tensor> in) {
        List<Piece> pieces = new ArrayList<>();
        for (int i = 0; i < in.size(); i += 3) {
            MemorySegment p = Lanes.global(in.get(i).segment());
            MemorySegment g = Lanes.global(in.get(i + 1).segment());
            MemorySegment b = Lanes.global(in.get(i + 2).segment());
            for (long from = 0; from < in.get(i).size(); from += PIECE) {
                pieces.add(new Piece(i / 3, p, g, b, from, Math.min(in.get(i).size(), from + PIECE)));
            }
        }
        return pieces;
    }

    private static void sgd(SgdStep op, List<Tensor> in, List<Tensor> out) {
        StepOperands step = StepOperands.of(in);
        List<Piece> pieces = pieces(LossScales.toStep(step));
        float learningRate = learningRate(step);
        boolean nesterov = op.nesterov() == SgdStep.Nesterov.YES;
        Parallel.forRange(pieces.size(), 1, (from, to) -> {
            for (int k = (int) from; k < to; k++) {
                update(pieces.get(k), 1, (float) op.weightDecay(), (float) op.momentum(), learningRate, nesterov);
            }
        });
    }

    private static void larc(LarcStep op, List<Tensor> given, List<Tensor> out) {
        StepOperands step = StepOperands.of(given);
        List<Tensor> in = LossScales.toStep(step);
        float learningRate = learningRate(step);
        int from = 0;
        while (from < in.size()) {
            int end = from + 3;
            long elements = in.get(from).size();
            while (end < in.size() && elements + in.get(end).size() <= TOGETHER) {
                elements += in.get(end).size();
                end += 3;
            }
            larc(op, learningRate, pieces(in.subList(from, end)), (end - from) / 3);
            from = end;
        }
    }

    private static float learningRate(StepOperands step) {
        return step.learningRate().segment().get(JAVA_FLOAT_UNALIGNED, 0);
    }

    /** The norms of some tensors, then their update, which finds in the cache what the norms have read. */
    private static void larc(LarcStep op, float learningRate, List<Piece> pieces, int tensors) {
        double[] p2 = new double[pieces.size()];
        double[] g2 = new double[pieces.size()];
        Parallel.forRange(pieces.size(), 1, (from, to) -> {
            for (int k = (int) from; k < to; k++) {
                p2[k] = squares(pieces.get(k).p, pieces.get(k).from, pieces.get(k).end);
                g2[k] = squares(pieces.get(k).g, pieces.get(k).from, pieces.get(k).end);
            }
        });
        double[] weightNorm = new double[tensors];
        double[] gradientNorm = new double[tensors];
        for (int k = 0; k < p2.length; k++) {
            weightNorm[pieces.get(k).tensor] += p2[k];
            gradientNorm[pieces.get(k).tensor] += g2[k];
        }
        Parallel.forRange(pieces.size(), 1, (from, to) -> {
            for (int k = (int) from; k < to; k++) {
                Piece piece = pieces.get(k);
                double p = Math.sqrt(weightNorm[piece.tensor]);
                double g = Math.sqrt(gradientNorm[piece.tensor]);
                boolean adapts = p != 0 && g != 0;
                double rate = adapts ? op.trust() * p / (g + op.weightDecay() * p + op.eps()) : 1;
                if (adapts && op.mode() == LarcStep.Mode.CLIP) {
                    rate = Math.min(rate / learningRate, 1);
                }
                update(piece, (float) rate, adapts ? (float) op.weightDecay() : 0, (float) op.momentum(),
                        learningRate, false);
            }
        });
    }

    /** Σ x² over a piece; 32 768 float32 terms in as many lanes as a vector has, added up in double. */
    private static double squares(MemorySegment x, long from, long end) {
        double sum = 0;
        long i = from;
        while (i + Lanes.COUNT <= end) {
            FloatVector part = FloatVector.zero(Lanes.F32);
            long stop = Math.min(end, i + 64L * Lanes.COUNT);
            for (; i + Lanes.COUNT <= stop; i += Lanes.COUNT) {
                FloatVector v = Lanes.load(x, i);
                part = v.fma(v, part);
            }
            sum += Lanes.sum(part);
        }
        for (; i < end; i++) {
            double v = x.get(JAVA_FLOAT_UNALIGNED, i * Float.BYTES);
            sum += v * v;
        }
        return sum;
    }

    /** b ← momentum·b + (g + decay·p)·scale; p ← p − rate·b, or with Nesterov p − rate·(g' + momentum·b). */
    private static void update(Piece piece, float scale, float decay, float momentum, float rate, boolean nesterov) {
        long i = piece.from;
        for (; i + Lanes.COUNT <= piece.end; i += Lanes.COUNT) {
            FloatVector p = Lanes.load(piece.p, i);
            FloatVector g = p.mul(decay).add(Lanes.load(piece.g, i)).mul(scale);
            FloatVector b = Lanes.load(piece.b, i).mul(momentum).add(g);
            Lanes.store(b, piece.b, i);
            FloatVector step = nesterov ? b.mul(momentum).add(g) : b;
            Lanes.store(p.sub(step.mul(rate)), piece.p, i);
        }
        for (; i < piece.end; i++) {
            float p = at(piece.p, i);
            float g = (p * decay + at(piece.g, i)) * scale;
            float b = at(piece.b, i) * momentum + g;
            piece.b.set(JAVA_FLOAT_UNALIGNED, i * Float.BYTES, b);
            float step = nesterov ? b * momentum + g : b;
            piece.p.set(JAVA_FLOAT_UNALIGNED, i * Float.BYTES, p - step * rate);
        }
    }

    private static float at(MemorySegment memory, long element) {
        return memory.get(JAVA_FLOAT_UNALIGNED, element * Float.BYTES);
    }
}
