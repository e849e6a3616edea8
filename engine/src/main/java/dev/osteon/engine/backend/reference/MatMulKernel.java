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
        Tensor left = inputs.get(0);
        Tensor right = inputs.get(1);
        Tensor result = outputs.getFirst();
        int m = result.dim(-2);
        int n = result.dim(-1);
        boolean transposeA = op.a() == MatMul.Transpose.YES;
        boolean transposeB = op.b() == MatMul.Transpose.YES;
        int k = left.dim(transposeA ? -2 : -1);
        int rowStepA = transposeA ? 1 : k;
        int innerStepA = transposeA ? m : 1;
        int innerStepB = transposeB ? 1 : n;
        int columnStepB = transposeB ? k : 1;
        double[] a = Elements.doubles(left);
        double[] b = Elements.doubles(right);
        double[] bias = inputs.size() == 3 ? Elements.doubles(inputs.get(2)) : new double[n];
        double[] y = new double[Elements.count(result)];
        Cursor matrixA = matrices(left.shape(), result.shape());
        Cursor matrixB = matrices(right.shape(), result.shape());
        for (int matrix = 0; matrix < y.length; matrix += m * n) {
            int startA = matrixA.next();
            int startB = matrixB.next();
            for (int i = 0; i < m; i++) {
                for (int j = 0; j < n; j++) {
                    double sum = bias[j];
                    int atA = startA + i * rowStepA;
                    int atB = startB + j * columnStepB;
                    for (int l = 0; l < k; l++) {
                        sum += a[atA + l * innerStepA] * b[atB + l * innerStepB];
                    }
                    y[matrix + i * n + j] = sum;
                }
            }
        }
        Elements.write(result, y);
    }

    /** Where each of the result's matrices finds its operand, which is broadcast over the leading dimensions. */
    private static Cursor matrices(Shape operand, Shape result) {
        Shape batch = Shape.of(Arrays.copyOf(result.toArray(), result.rank() - 2));
        long[] strides = operand.stridesWithin(result.with(-1, operand.dim(-1)).with(-2, operand.dim(-2)),
                Layout.ROW_MAJOR);
        return new Cursor(batch, Arrays.copyOf(strides, batch.rank()));
    }
}
