package dev.osteon.models.onnx.op;

import static dev.osteon.models.onnx.op.OpTable.many;
import static dev.osteon.models.onnx.op.OpTable.one;

import dev.osteon.engine.tensor.Shape;
import dev.osteon.models.onnx.value.ElementType;
import dev.osteon.models.onnx.value.HostArray;
import dev.osteon.models.onnx.value.SmallFloat;
import dev.osteon.models.onnx.value.Value;
import java.util.Arrays;
import java.util.List;

/** Between real numbers and integers with a scale; on the host, as reference arithmetic. */
final class QuantizationOps {

    private QuantizationOps() {}

    static List<Entry> entries() {
        return List.of(
                one("QuantizeLinear", 10, QuantizationOps::quantize),
                one("DequantizeLinear", 10, QuantizationOps::dequantize),
                many("DynamicQuantizeLinear", 11, QuantizationOps::dynamic),
                one("QLinearMatMul", 10, QuantizationOps::matMul));
    }

    /** The scale of each element: one for all, one for each slice of an axis, or one for each block along it. */
    private static int[] scaleOf(Call c, Shape x, Shape scale) {
        int[] which = new int[HostArray.count(x)];
        if (scale.size() == 1) {
            return which;
        }
        int axis = c.axis("axis", 1, x.rank());
        int block = c.attributes().index("block_size", 0);
        int[] dims = x.toArray();
        int inner = Arrays.stream(dims, axis + 1, dims.length).reduce(1, Math::multiplyExact);
        for (int i = 0; i < which.length; i++) {
            int along = i / inner % dims[axis];
            which[i] = block == 0 ? along
                    : (i / inner / dims[axis] * scale.dim(axis) + along / block) * inner + i % inner;
        }
        return which;
    }

    private static Value quantize(Call c) {
        double[] x = c.doubles(0);
        double[] scale = c.doubles(1);
        ElementType type = c.has(2) ? c.type(2) : c.attributes().integer("output_dtype", 0) != 0
                ? CreationOps.type(c, "output_dtype") : ElementType.UINT8;
        double[] zero = c.has(2) ? c.doubles(2) : new double[scale.length];
        int[] which = scaleOf(c, c.shape(0), c.shape(1));
        double[] result = new double[x.length];
        boolean saturate = c.attributes().flag("saturate", true);
        for (int i = 0; i < result.length; i++) {
            float ratio = (float) x[i] / (float) scale[which[i]];
            result[i] = type.isReal() ? SmallFloat.of(type).round(ratio + zero[which[i]], saturate
                    ? SmallFloat.Overflow.SATURATE : SmallFloat.Overflow.SPECIAL)
                    : saturated(type, Math.rint(ratio) + zero[which[i]]);
        }
        return Value.of(HostArray.of(type, c.shape(0), result));
    }

    private static double saturated(ElementType type, double value) {
        double low = type.isUnsigned() ? 0 : -Math.scalb(1.0, type.bits() - 1);
        double high = Math.scalb(1.0, type.isUnsigned() ? type.bits() : type.bits() - 1) - 1;
        return Math.clamp(value, low, high);
    }

    private static Value dequantize(Call c) {
        double[] x = c.doubles(0);
        double[] scale = c.doubles(1);
        double[] zero = c.has(2) ? c.doubles(2) : new double[scale.length];
        int[] which = scaleOf(c, c.shape(0), c.shape(1));
        double[] result = new double[x.length];
        Arrays.setAll(result, i -> (x[i] - zero[which[i]]) * scale[which[i]]);
        return Value.of(HostArray.of(c.type(1), c.shape(0), result));
    }

    /** To uint8 by the values' own range, which is made to contain 0. */
    private static List<Value> dynamic(Call c) {
        double[] x = c.doubles(0);
        double low = Math.min(0, Arrays.stream(x).min().orElse(0));
        double high = Math.max(0, Arrays.stream(x).max().orElse(0));
        double scale = (float) ((high - low) / 255);
        double zero = scale == 0 ? 0 : Math.clamp(Math.rint(-low / scale), 0, 255);
        double[] result = new double[x.length];
        Arrays.setAll(result, i -> scale == 0 ? 0 : saturated(ElementType.UINT8, Math.rint((float) x[i] / (float) scale)
                + zero));
        return List.of(Value.of(HostArray.of(ElementType.UINT8, c.shape(0), result)),
                Value.of(HostArray.of(ElementType.FLOAT, Shape.SCALAR, scale)),
                Value.of(HostArray.of(ElementType.UINT8, Shape.SCALAR, zero)));
    }

    /** Scales and zeros are one for all, or one for each row of the first matrix and each column of the second. */
    private static Value matMul(Call c) {
        HostArray a = centred(c.host(0), rows(c.host(2)));
        HostArray b = centred(c.host(3), c.host(5));
        HostArray sums = HostMatrix.product(a, b, ElementType.INT64);
        HostArray scale = HostMath.zipReal(rows(c.host(1)), c.host(4), ElementType.DOUBLE, (p, q) -> p * q);
        HostArray exact = HostMath.zipReal(sums, scale, ElementType.DOUBLE, (v, factor) -> v * factor);
        if (!exact.shape().equals(sums.shape()) || c.shape(6).size() != 1 || c.shape(7).size() != 1) {
            throw c.problem("scales " + c.shape(1) + ", " + c.shape(4) + " and " + c.shape(6) + " for " + sums.shape(),
                    "one, or one for each row and column, and one for the result");
        }
        double divisor = c.doubles(6)[0];
        long zero = c.longs(7)[0];
        ElementType type = c.type(7);
        return Value.of(HostMath.mapReal(exact, type, v -> saturated(type, Math.rint(v / divisor) + zero)));
    }

    /** A list as a column, so that each of its elements is for a row. */
    static HostArray rows(HostArray list) {
        return list.shape().rank() == 1 && list.size() > 1 ? list.reshaped(Shape.of(list.size(), 1)) : list;
    }

    private static HostArray centred(HostArray x, HostArray zero) {
        return HostMath.zip(x, zero, ElementType.INT64, (v, z) -> v - z);
    }
}
