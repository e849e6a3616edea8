package dev.osteon.engine.backend.reference;

import static dev.osteon.engine.backend.host.Indices.indices;

import dev.osteon.engine.op.Gather;
import dev.osteon.engine.op.GatherBackward;
import dev.osteon.engine.op.Select;
import dev.osteon.engine.op.SelectBackward;
import dev.osteon.engine.tensor.Tensor;
import java.util.List;

/** Elements and rows by number. */
final class IndexingKernels {

    private IndexingKernels() {}

    static void gather(Gather op, List<Tensor> inputs, List<Tensor> outputs) {
        Tensor x = inputs.getFirst();
        int n = x.dim(-1);
        int[] index = indices(op, inputs.get(1), n);
        long[] source = Elements.bits(x);
        long[] values = new long[index.length];
        for (int row = 0; row < index.length; row++) {
            values[row] = source[row * n + index[row]];
        }
        Elements.writeBits(outputs.getFirst(), values);
    }

    static void gatherBackward(GatherBackward op, List<Tensor> inputs, List<Tensor> outputs) {
        int[] index = indices(op, inputs.get(1), op.size());
        long[] dy = Elements.bits(inputs.getFirst());
        long[] dx = new long[Elements.count(outputs.getFirst())];   // all bits zero is 0 in every type
        for (int row = 0; row < index.length; row++) {
            dx[row * op.size() + index[row]] = dy[row];
        }
        Elements.writeBits(outputs.getFirst(), dx);
    }

    static void select(Select op, List<Tensor> inputs, List<Tensor> outputs) {
        Tensor x = inputs.getFirst();
        int size = x.dim(op.axis());
        int[] index = indices(op, inputs.get(1), size);
        Axis axis = Axis.of(outputs.getFirst().shape(), op.axis());
        long[] source = Elements.bits(x);
        long[] values = new long[Elements.count(outputs.getFirst())];
        for (int outer = 0; outer < axis.outer(); outer++) {
            for (int i = 0; i < index.length; i++) {
                System.arraycopy(source, (outer * size + index[i]) * axis.inner(),
                        values, (outer * index.length + i) * axis.inner(), axis.inner());
            }
        }
        Elements.writeBits(outputs.getFirst(), values);
    }

    static void selectBackward(SelectBackward op, List<Tensor> inputs, List<Tensor> outputs) {
        int[] index = indices(op, inputs.get(1), op.size());
        Axis axis = Axis.of(inputs.getFirst().shape(), op.axis());
        double[] dy = Elements.doubles(inputs.getFirst());
        double[] dx = new double[Elements.count(outputs.getFirst())];
        for (int outer = 0; outer < axis.outer(); outer++) {
            for (int i = 0; i < index.length; i++) {
                for (int inner = 0; inner < axis.inner(); inner++) {
                    dx[(outer * op.size() + index[i]) * axis.inner() + inner] += dy[axis.at(outer, i, inner)];
                }
            }
        }
        Elements.write(outputs.getFirst(), dx);
    }
}
