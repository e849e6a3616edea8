package dev.osteon.engine.backend.onednn.vector;

import dev.osteon.engine.backend.KernelTable.Layouts;
import dev.osteon.engine.backend.host.Indices;
import dev.osteon.engine.op.Gather;
import dev.osteon.engine.op.GatherBackward;
import dev.osteon.engine.op.Select;
import dev.osteon.engine.op.SelectBackward;
import dev.osteon.engine.tensor.Tensor;
import java.util.Arrays;
import java.util.List;

/** Elements and rows by number; row-major. */
final class IndexKernels {

    private static final int GRAIN = 1 << 14;   // elements

    private IndexKernels() {}

    static void register(Registry registry) {
        registry.anything(Gather.class, Layouts.ROW_MAJOR, IndexKernels::gather)
                .anything(GatherBackward.class, Layouts.ROW_MAJOR, IndexKernels::gatherBackward)
                .anything(Select.class, Layouts.ROW_MAJOR, IndexKernels::select)
                .floats(SelectBackward.class, Layouts.ROW_MAJOR, IndexKernels::selectBackward);
    }

    private static void gather(Gather op, List<Tensor> in, List<Tensor> out) {
        long n = in.getFirst().dim(-1);
        int[] index = Indices.indices(op, in.get(1), (int) n);
        Place x = Place.of(in.getFirst());
        Place y = Place.of(out.getFirst());
        Parallel.forRange(index.length, GRAIN, (from, to) -> {
            for (int row = (int) from; row < to; row++) {
                x.line(row * n + index[row], 1, y, row, 1, 1);
            }
        });
    }

    private static void gatherBackward(GatherBackward op, List<Tensor> in, List<Tensor> out) {
        int[] index = Indices.indices(op, in.get(1), op.size());
        Tensor target = out.getFirst();
        Place dy = Place.of(in.getFirst());
        Place dx = Place.of(target);
        Place.filledWith(target.dtype(), 0, target.rank()).copy(target.shape(), dx);
        Parallel.forRange(index.length, GRAIN, (from, to) -> {
            for (int row = (int) from; row < to; row++) {
                dy.line(row, 1, dx, (long) row * op.size() + index[row], 1, 1);
            }
        });
    }

    /** Elements from one position along {@code axis} to the next. */
    private static long inner(Tensor tensor, int axis) {
        return tensor.shape().strides(tensor.layout())[tensor.shape().axis(axis)];
    }

    private static void select(Select op, List<Tensor> in, List<Tensor> out) {
        int size = in.getFirst().dim(op.axis());
        int[] index = Indices.indices(op, in.get(1), size);
        Place x = Place.of(in.getFirst());
        Place y = Place.of(out.getFirst());
        long inner = inner(out.getFirst(), op.axis());
        long rows = inner == 0 ? 0 : out.getFirst().size() / inner;
        Parallel.forRange(rows, Math.max(1, GRAIN / Math.max(1, inner)), (from, to) -> {
            for (long row = from; row < to; row++) {
                long outer = row / index.length;
                x.run((outer * size + index[(int) (row % index.length)]) * inner, y, row * inner, inner);
            }
        });
    }

    /** Each row of the result adds up the rows that were taken from it, in order of their position. */
    private static void selectBackward(SelectBackward op, List<Tensor> in, List<Tensor> out) {
        int[] index = Indices.indices(op, in.get(1), op.size());
        int[] first = new int[op.size() + 1];      // first[i] … first[i + 1] − 1: where positions of row i are kept
        for (int i : index) {
            first[i + 1]++;
        }
        for (int i = 0; i < op.size(); i++) {
            first[i + 1] += first[i];
        }
        int[] next = first.clone();
        int[] positions = new int[index.length];
        for (int i = 0; i < index.length; i++) {
            positions[next[index[i]]++] = i;
        }
        Strip dy = Strip.of(in.getFirst());
        Strip dx = Strip.of(out.getFirst());
        long inner = inner(out.getFirst(), op.axis());
        long rows = inner == 0 ? 0 : out.getFirst().size() / inner;
        Parallel.forRange(rows, Math.max(1, GRAIN / Math.max(1, inner)), (from, to) -> {
            double[] strip = Strip.array(inner);
            double[] sum = Strip.array(inner);
            for (long row = from; row < to; row++) {
                long outer = row / op.size() * index.length;
                int target = (int) (row % op.size());
                for (long at = 0; at < inner; at += Strip.LENGTH) {
                    int n = (int) Math.min(Strip.LENGTH, inner - at);
                    Arrays.fill(sum, 0, n, 0);
                    for (int k = first[target]; k < first[target + 1]; k++) {
                        dy.read((outer + positions[k]) * inner + at, 1, strip, n);
                        add(sum, strip, n);
                    }
                    dx.write(sum, n, row * inner + at, 1);
                }
            }
        });
    }

    private static void add(double[] sum, double[] strip, int n) {
        for (int i = 0; i < n; i++) {
            sum[i] += strip[i];
        }
    }
}
