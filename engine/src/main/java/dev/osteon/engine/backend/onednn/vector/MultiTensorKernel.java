package dev.osteon.engine.backend.onednn.vector;

import static java.lang.foreign.ValueLayout.JAVA_FLOAT_UNALIGNED;

import dev.osteon.engine.backend.Kernel;
import dev.osteon.engine.backend.KernelTable.Layouts;
import dev.osteon.engine.op.MultiTensorSum;
import dev.osteon.engine.tensor.DType;
import dev.osteon.engine.tensor.Tensor;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;

/** Sums over all tensors at once, in pieces of fixed size that stay in the second-level cache: threads share those. */
final class MultiTensorKernel {

    private static final long PIECE = 1 << 15;   // elements

    private MultiTensorKernel() {}

    static void register(Registry registry) {
        Kernel<MultiTensorSum> general = registry.general().get(new MultiTensorSum(List.of())).kernel();
        registry.floats(MultiTensorSum.class, Layouts.ANY, (op, in, out) -> sums(op, in, out, general));
    }

    /** Elements from … end of one sum. */
    private record Piece(List<Strip> terms, Strip to, long from, long end) {

        /** In float32, a term after the other. */
        boolean isWide() {
            return to.dtype() == DType.F32 && terms.stream().allMatch(t -> t.dtype() == DType.F32
                    || t.dtype() == DType.BF16);
        }

        boolean isNarrowed() {
            return to.dtype() == DType.BF16 && terms.size() == 1 && terms.getFirst().dtype() == DType.F32;
        }
    }

    private static void sums(MultiTensorSum op, List<Tensor> in, List<Tensor> out, Kernel<MultiTensorSum> general) {
        List<Piece> pieces = new ArrayList<>();
        int first = 0;
        for (int i = 0; i < out.size(); i++) {
            MultiTensorSum.Sum sum = op.sums().get(i);
            List<Tensor> terms = in.subList(first, first + sum.terms());
            first += sum.terms();
            if (terms.stream().allMatch(term -> term.spec().liesAs(sum.result().layout()))) {
                cut(terms.stream().map(Strip::of).toList(), out.get(i), pieces);
            } else {
                general.run(new MultiTensorSum(List.of(sum)), terms, List.of(out.get(i)));
            }
        }
        Parallel.forRange(pieces.size(), 1, (from, to) -> {
            for (int k = (int) from; k < to; k++) {
                sum(pieces.get(k));
            }
        });
    }

    private static void cut(List<Strip> terms, Tensor result, List<Piece> pieces) {
        for (long from = 0; from < result.size(); from += PIECE) {
            pieces.add(new Piece(terms, Strip.of(result), from, Math.min(result.size(), from + PIECE)));
        }
    }

    private static void sum(Piece piece) {
        long count = piece.end - piece.from;
        if (piece.isNarrowed()) {
            Bfloat16.narrow(piece.terms.getFirst().data(), piece.from, piece.to.data(), piece.from, count);
        } else if (piece.isWide()) {
            Strip first = piece.terms.getFirst();
            if (first.dtype() == DType.BF16) {
                Bfloat16.widen(first.data(), piece.from, piece.to.data(), piece.from, count);
            } else {
                MemorySegment.copy(first.data(), piece.from * Float.BYTES, piece.to.data(), piece.from * Float.BYTES,
                        count * Float.BYTES);
            }
            for (Strip term : piece.terms.subList(1, piece.terms.size())) {
                add(term, piece);
            }
        } else {
            byStrips(piece);
        }
    }

    private static void add(Strip term, Piece piece) {
        MemorySegment x = term.data();
        MemorySegment y = piece.to.data();
        if (term.dtype() == DType.BF16) {
            Bfloat16.addTo(y, x, piece.from, piece.end);
            return;
        }
        long i = piece.from;
        for (; i + Lanes.COUNT <= piece.end; i += Lanes.COUNT) {
            Lanes.store(Lanes.load(y, i).add(Lanes.load(x, i)), y, i);
        }
        for (; i < piece.end; i++) {
            long at = i * Float.BYTES;
            y.set(JAVA_FLOAT_UNALIGNED, at, y.get(JAVA_FLOAT_UNALIGNED, at) + x.get(JAVA_FLOAT_UNALIGNED, at));
        }
    }

    private static void byStrips(Piece piece) {
        double[] sum = Strip.array(piece.end - piece.from);
        double[] values = new double[sum.length];
        for (long at = piece.from; at < piece.end; at += sum.length) {
            int n = (int) Math.min(sum.length, piece.end - at);
            piece.terms.getFirst().read(at, 1, sum, n);
            for (Strip term : piece.terms.subList(1, piece.terms.size())) {
                term.read(at, 1, values, n);
                for (int i = 0; i < n; i++) {
                    sum[i] += values[i];
                }
            }
            piece.to.write(sum, n, at, 1);
        }
    }
}
