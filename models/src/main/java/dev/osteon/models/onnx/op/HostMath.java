package dev.osteon.models.onnx.op;

import dev.osteon.engine.tensor.Layout;
import dev.osteon.engine.tensor.Shape;
import dev.osteon.models.onnx.value.ElementType;
import dev.osteon.models.onnx.value.HostArray;
import java.util.function.DoubleBinaryOperator;
import java.util.function.DoubleUnaryOperator;
import java.util.function.LongBinaryOperator;
import java.util.function.LongUnaryOperator;

/** Element by element on the host, with broadcasting. */
final class HostMath {

    private HostMath() {}

    static HostArray map(HostArray x, ElementType type, LongUnaryOperator f) {
        long[] from = x.integers();
        long[] result = new long[from.length];
        java.util.Arrays.setAll(result, i -> f.applyAsLong(from[i]));
        return HostArray.of(type, x.shape(), result);
    }

    static HostArray mapReal(HostArray x, ElementType type, DoubleUnaryOperator f) {
        double[] from = x.reals();
        double[] result = new double[from.length];
        java.util.Arrays.setAll(result, i -> f.applyAsDouble(from[i]));
        return HostArray.of(type, x.shape(), result);
    }

    static HostArray zip(HostArray a, HostArray b, ElementType type, LongBinaryOperator f) {
        long[] first = a.integers();
        long[] second = b.integers();
        Shape shape = Shape.broadcast(a.shape(), b.shape());
        long[] result = new long[HostArray.count(shape)];
        walk(a.shape(), b.shape(), shape, (i, p, q) -> result[i] = f.applyAsLong(first[p], second[q]));
        return HostArray.of(type, shape, result);
    }

    static HostArray zipReal(HostArray a, HostArray b, ElementType type, DoubleBinaryOperator f) {
        double[] first = a.reals();
        double[] second = b.reals();
        Shape shape = Shape.broadcast(a.shape(), b.shape());
        double[] result = new double[HostArray.count(shape)];
        walk(a.shape(), b.shape(), shape, (i, p, q) -> result[i] = f.applyAsDouble(first[p], second[q]));
        return HostArray.of(type, shape, result);
    }

    /** Sees position i of the broadcast shape with the positions that it reads. */
    @FunctionalInterface
    interface Visitor {
        void see(int i, int first, int second);
    }

    static void walk(Shape a, Shape b, Shape shape, Visitor visitor) {
        long[] first = a.stridesWithin(shape, Layout.ROW_MAJOR);
        long[] second = b.stridesWithin(shape, Layout.ROW_MAJOR);
        int[] dims = shape.toArray();
        int[] index = new int[dims.length];
        int count = (int) shape.size();
        int p = 0;
        int q = 0;
        for (int i = 0; i < count; i++) {
            visitor.see(i, p, q);
            for (int axis = dims.length - 1; axis >= 0; axis--) {
                p += (int) first[axis];
                q += (int) second[axis];
                if (++index[axis] < dims[axis]) {
                    break;
                }
                p -= (int) (index[axis] * first[axis]);
                q -= (int) (index[axis] * second[axis]);
                index[axis] = 0;
            }
        }
    }
}
