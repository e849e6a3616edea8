package dev.osteon.engine.backend.reference;

import dev.osteon.engine.op.MatMul;
import dev.osteon.engine.tensor.Layout;
import dev.osteon.engine.tensor.Shape;
import dev.osteon.engine.tensor.Tensor;
import java.util.Arrays;
import java.util.List;

/** Matrix products. */
final class MatMulKernel {

    private MatMulKernel() {}

    static void matMul(MatMul op, List<Tensor> inputs, List<Tensor> outputs) {
        Tensor result = outputs.getFirst();
        int n = result.dim(-1);
        int size = result.dim(-2) * n;
        double[] a = Elements.doubles(inputs.get(0));
        double[] b = Elements.doubles(inputs.get(1));
        double[] bias = inputs.size() == 3 ? Elements.doubles(inputs.get(2)) : new double[n];
        double[] y = new double[Elements.count(result)];
        Cursor startsA = starts(inputs.get(0).shape(), result.shape());
        Cursor startsB = starts(inputs.get(1).shape(), result.shape());
        for (int start = 0; start < y.length; start += size) {
            Matrix left = matrix(a, startsA.next(), inputs.get(0).shape(), op.a());
            Matrix right = matrix(b, startsB.next(), inputs.get(1).shape(), op.b());
            double[] product = left.times(right).values();
            for (int i = 0; i < size; i++) {
                y[start + i] = product[i] + bias[i % n];
            }
        }
        PointwiseKernels.epilogue(op.epilogue(), y);
        Elements.write(result, y);
    }

    private static Matrix matrix(double[] values, int start, Shape shape, MatMul.Transpose transpose) {
        int rows = shape.dim(-2);
        int columns = shape.dim(-1);
        Matrix given = new Matrix(rows, columns, Arrays.copyOfRange(values, start, start + rows * columns));
        return transpose == MatMul.Transpose.YES ? given.transposed() : given;
    }

    /** Where each of the result's matrices finds its operand, which is broadcast over the leading dimensions. */
    private static Cursor starts(Shape operand, Shape result) {
        Shape batch = Shape.of(Arrays.copyOf(result.toArray(), result.rank() - 2));
        long[] strides = operand.stridesWithin(result, Layout.ROW_MAJOR);
        return new Cursor(batch, Arrays.copyOf(strides, batch.rank()));
    }
}
