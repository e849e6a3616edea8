package dev.osteon.engine.backend.cuda;

import dev.osteon.engine.backend.KernelTable.Layouts;
import dev.osteon.engine.backend.cuda.TensorTables.Table;
import dev.osteon.engine.op.MultiTensorSum;
import dev.osteon.engine.tensor.DType;
import dev.osteon.engine.tensor.Layout;
import dev.osteon.engine.tensor.Tensor;
import dev.osteon.engine.tensor.TensorSpec;
import java.util.List;

/** Sums over all tensors at once: {@code cuda/multitensor.cu}. */
record MultiTensorKernels(CudaRuntime cuda, TensorTables tables) {

    /** {@code struct Sum}: the result, the terms, types, the matrices that terms may lie transposed in. */
    private static final int TYPES = 1 + MultiTensorSum.MOST_TERMS;
    private static final int MATRIX = TYPES + 1;
    private static final int ENTRY = MATRIX + 3;
    /** Of a term's type: it lies in the other order than the result. */
    private static final int OTHER_ORDER = 4;

    MultiTensorKernels(CudaRuntime cuda) {
        this(cuda, new TensorTables(cuda));
    }

    void register(Registrar to) {
        to.put(MultiTensorSum.class, Layouts.ANY, Registrar.F32_OR_LOW, this::sums);
    }

    private void sums(MultiTensorSum op, List<Tensor> in, List<Tensor> out) {
        long[] sizes = new long[out.size()];
        long[] entries = new long[ENTRY * out.size()];
        int first = 0;
        try (Temporaries temporary = new Temporaries(cuda)) {
            for (int i = 0; i < sizes.length; i++) {
                int terms = op.sums().get(i).terms();
                sizes[i] = out.get(i).size();
                write(out.get(i), in.subList(first, first + terms), entries, ENTRY * i, temporary);
                first += terms;
            }
            Table table = tables.of(sizes, entries);
            cuda.launch("multitensor", "multi_tensor_sum").address(table.pieces()).address(table.places())
                    .integer(table.count()).each(table.count());
        }
    }

    /** The kernel finds elements in the other order by numbers below 2³¹; a larger term is brought to the result's. */
    private static void write(Tensor result, List<Tensor> terms, long[] entries, int at, Temporaries temporary) {
        TensorSpec spec = result.spec();
        entries[at] = result.segment().address();
        long types = terms.size() | (long) number(spec.dtype()) << Byte.SIZE;
        for (int t = 0; t < terms.size(); t++) {
            Tensor term = terms.get(t);
            boolean crosses = !term.spec().liesAs(spec.layout());
            boolean copied = crosses && term.size() > Integer.MAX_VALUE;
            entries[at + 1 + t] = copied ? temporary.in(spec.layout(), term) : term.segment().address();
            long type = number(term.dtype()) | (crosses && !copied ? OTHER_ORDER : 0);
            types |= type << Byte.SIZE * (2 + t);
        }
        entries[at + TYPES] = types;
        if (spec.rank() == 4) {
            Divisor channels = Divisor.of(spec.dim(1));
            Divisor pixels = Divisor.of(spec.dim(2) * spec.dim(3));
            boolean last = spec.layout() == Layout.NHWC;
            Divisor columns = last ? channels : pixels;
            Divisor rows = last ? pixels : channels;
            entries[at + MATRIX] = both(columns.by(), columns.factor());
            entries[at + MATRIX + 1] = both(columns.shift(), rows.by());
            entries[at + MATRIX + 2] = both(rows.factor(), rows.shift());
        }
    }

    private static long both(int low, int high) {
        return Integer.toUnsignedLong(low) | (long) high << Integer.SIZE;
    }

    private static int number(DType type) {
        return switch (type) {
            case F32 -> 0;
            case BF16 -> 1;
            case F16 -> 2;
            default -> throw new IllegalStateException("multi-tensor sum of " + type);
        };
    }
}
