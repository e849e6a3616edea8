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
        HostArray x = c.host(0);
        double[] scale = c.doubles(1);
        ElementType type = c.has(2) ? c.type(2) : c.attributes().integer("output_dtype", 0) != 0
                ? CreationOps.type(c, "output_dtype") : ElementType.UINT8;
        double[] zero = c.has(2) ? c.doubles(2) : new double[scale.length];
        int[] which = scaleOf(c, x.shape(), c.shape(1));
        double[] result = new double[x.size()];
        boolean saturate = c.attributes().flag("saturate", true);
        for (int i = 0; i < result.length; i++) {
            float ratio = (float) x.reals()[i] / (float) scale[which[i]];
            result[i] = type.isReal() ? SmallFloat.of(type).round(ratio + zero[which[i]], saturate
                    ? SmallFloat.Overflow.SATURATE : SmallFloat.Overflow.SPECIAL)
                    : saturated(type, Math.rint(ratio) + zero[which[i]]);
        }
        return Value.of(HostArray.of(type, x.shape(), result));
    }

    private static double saturated(ElementType type, double value) {
        double low = type.isUnsigned() ? 0 : -Math.scalb(1.0, type.bits() - 1);
        double high = Math.scalb(1.0, type.isUnsigned() ? type.bits() : type.bits() - 1) - 1;
        return Math.clamp(value, low, high);
    }

    private static Value dequantize(Call c) {
        HostArray x = c.host(0);
        double[] scale = c.doubles(1);
        double[] zero = c.has(2) ? c.doubles(2) : new double[scale.length];
        int[] which = scaleOf(c, x.shape(), c.shape(1));
        double[] result = new double[x.size()];
        Arrays.setAll(result, i -> (x.reals()[i] - zero[which[i]]) * scale[which[i]]);
        return Value.of(HostArray.of(c.type(1), x.shape(), result));
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

    private static Value matMul(Call c) {
        HostArray a = centred(c.host(0), c.longs(2)[0]);
        HostArray b = centred(c.host(3), c.longs(5)[0]);
        HostArray sums = HostMatrix.product(a, b, ElementType.INT64);
        double factor = c.doubles(1)[0] * c.doubles(4)[0] / c.doubles(6)[0];
        long zero = c.longs(7)[0];
        ElementType type = c.type(7);
        return Value.of(HostMath.mapReal(sums, type, v -> saturated(type, Math.rint(v * factor) + zero)));
    }

    private static HostArray centred(HostArray x, long zero) {
        return HostMath.map(x, ElementType.INT64, v -> v - zero);
    }
}
