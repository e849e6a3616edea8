package dev.osteon.models.onnx.op;

import dev.osteon.engine.tensor.Shape;
import dev.osteon.models.onnx.value.ElementType;
import dev.osteon.models.onnx.value.HostArray;
import dev.osteon.models.onnx.value.OnnxException;
import java.util.Arrays;
import java.util.stream.IntStream;

/** Small matrices on the host. */
final class HostMatrix {

    private HostMatrix() {}

    /** The integer product by NumPy's rule: over the last two dimensions, the leading ones broadcast. */
    static HostArray product(HostArray a, HostArray b, ElementType type) {
        Shape left = a.shape().rank() == 1 ? Shape.of(1, a.size()) : a.shape();
        Shape right = b.shape().rank() == 1 ? Shape.of(b.size(), 1) : b.shape();
        int m = left.dim(-2);
        int k = left.dim(-1);
        int n = right.dim(-1);
        if (right.dim(-2) != k) {
            throw new OnnxException("product: given " + left + " and " + right + "; expected equal inner sizes");
        }
        Shape batch = Shape.broadcast(lead(left), lead(right));
        int[] dims = Arrays.copyOf(batch.toArray(), batch.rank() + 2);
        dims[batch.rank()] = m;
        dims[batch.rank() + 1] = n;
        long[] first = a.integers();
        long[] second = b.integers();
        long[] result = new long[HostArray.count(Shape.of(dims))];
        HostMath.walk(lead(left), lead(right), batch, (i, p, q) -> {
            for (int row = 0; row < m; row++) {
                for (int column = 0; column < n; column++) {
                    long sum = 0;
                    for (int j = 0; j < k; j++) {
                        sum += first[(p * m + row) * k + j] * second[(q * k + j) * n + column];
                    }
                    result[(i * m + row) * n + column] = sum;
                }
            }
        });
        return HostArray.of(type, Shape.of(IntStream.range(0, dims.length)
                .filter(i -> !(i == batch.rank() && a.shape().rank() == 1)
                        && !(i == batch.rank() + 1 && b.shape().rank() == 1))
                .map(i -> dims[i]).toArray()), result);
    }

    private static Shape lead(Shape shape) {
        return Shape.of(Arrays.copyOf(shape.toArray(), shape.rank() - 2));
    }

    /** Gaussian elimination with partial pivoting; {@code values} [n, n] are overwritten. */
    static double determinant(double[] values, int n) {
        double determinant = 1;
        for (int column = 0; column < n; column++) {
            int pivot = column;
            for (int row = column + 1; row < n; row++) {
                pivot = Math.abs(values[row * n + column]) > Math.abs(values[pivot * n + column]) ? row : pivot;
            }
            if (values[pivot * n + column] == 0) {
                return 0;
            }
            if (pivot != column) {
                double[] kept = Arrays.copyOfRange(values, column * n, (column + 1) * n);
                System.arraycopy(values, pivot * n, values, column * n, n);
                System.arraycopy(kept, 0, values, pivot * n, n);
                determinant = -determinant;
            }
            determinant *= values[column * n + column];
            for (int row = column + 1; row < n; row++) {
                double factor = values[row * n + column] / values[column * n + column];
                for (int i = column; i < n; i++) {
                    values[row * n + i] -= factor * values[column * n + i];
                }
            }
        }
        return determinant;
    }
}
