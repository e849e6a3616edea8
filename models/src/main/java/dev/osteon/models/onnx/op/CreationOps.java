package dev.osteon.models.onnx.op;

import static dev.osteon.models.onnx.op.OpTable.one;

import dev.osteon.engine.tensor.Shape;
import dev.osteon.models.onnx.value.ElementType;
import dev.osteon.models.onnx.value.HostArray;
import dev.osteon.models.onnx.value.OnnxException;
import dev.osteon.models.onnx.value.Value;
import java.util.Arrays;
import java.util.List;
import java.util.function.IntToDoubleFunction;
import java.util.stream.IntStream;

/** What makes arrays of nothing, or of another's shape. */
final class CreationOps {

    private CreationOps() {}

    static List<Entry> entries() {
        return List.of(
                one("Constant", 1, c -> Value.of(constant(c))),
                one("ConstantOfShape", 9, CreationOps::constantOfShape).structural(0),
                one("Range", 11, CreationOps::range).structural(0, 1, 2),
                one("EyeLike", 9, CreationOps::eyeLike).with(Entry.Trait.SHAPES_ONLY),
                one("Shape", 1, CreationOps::shape).with(Entry.Trait.SHAPES_ONLY),
                one("Size", 1, c -> Value.of(HostArray.of(ElementType.INT64, Shape.SCALAR, c.shape(0).size())))
                        .with(Entry.Trait.SHAPES_ONLY),
                one("HannWindow", 17, c -> window(c, 0.5, 0.5, 0)).structural(0),
                one("HammingWindow", 17, c -> window(c, 25.0 / 46, 21.0 / 46, 0)).structural(0),
                one("BlackmanWindow", 17, c -> window(c, 0.42, 0.5, 0.08)).structural(0));
    }

    private static HostArray constant(Call c) {
        if (c.attributes().has("value")) {
            return c.attributes().tensor("value").orElseThrow();
        }
        if (c.attributes().has("value_int")) {
            return HostArray.of(ElementType.INT64, Shape.SCALAR, c.attributes().integer("value_int", 0));
        }
        if (c.attributes().has("value_float")) {
            return HostArray.of(ElementType.FLOAT, Shape.SCALAR, c.attributes().real("value_float", 0));
        }
        if (c.attributes().has("value_string")) {
            return HostArray.of(Shape.SCALAR, c.attributes().text("value_string", ""));
        }
        return c.attributes().integers("value_ints").map(HostArray::longs)
                .or(() -> c.attributes().reals("value_floats")
                        .map(v -> HostArray.of(ElementType.FLOAT, Shape.of(v.length), v)))
                .or(() -> c.attributes().texts("value_strings")
                        .map(v -> HostArray.of(Shape.of(v.size()), v.toArray(String[]::new))))
                .orElseThrow(() -> c.problem("no dense value", "value, value_int, value_float, … as an attribute"));
    }

    private static Value constantOfShape(Call c) {
        Shape shape = c.affordable(Shape.of(Arrays.stream(c.longs(0)).mapToInt(c::size).toArray()));
        HostArray value = c.attributes().tensor("value").orElse(HostArray.of(ElementType.FLOAT, Shape.of(1), 0.0));
        if (value.size() != 1) {
            throw c.problem("value of shape " + value.shape(), "one element");
        }
        if (value.type().isComputed() && shape.size() > 1) {
            return Value.of(c.full(shape, value.reals()[0]));
        }
        return Value.of(value.pick(shape, new long[HostArray.count(shape)]));
    }

    private static Value range(Call c) {
        double[] ends = {c.doubles(0)[0], c.doubles(1)[0], c.doubles(2)[0]};
        double count = Math.max(0, Math.ceil((ends[1] - ends[0]) / ends[2]));
        if (!(count <= HostArray.LARGEST)) {
            throw c.problem(ends[0] + " to " + ends[1] + " in steps of " + ends[2], "at most " + HostArray.LARGEST
                    + " steps");
        }
        Shape shape = Shape.of((int) count);
        if (c.isReal(0)) {
            return Value.of(HostArray.of(c.type(0), shape, IntStream.range(0, (int) count)
                    .mapToDouble(i -> ends[0] + i * ends[2]).toArray()));
        }
        long start = c.longs(0)[0];
        long step = c.longs(2)[0];
        return Value.of(HostArray.of(c.type(0), shape, IntStream.range(0, (int) count)
                .mapToLong(i -> start + i * step).toArray()));
    }

    private static Value eyeLike(Call c) {
        Shape shape = c.shape(0);
        if (shape.rank() != 2) {
            throw c.problem("shape " + shape, "a matrix");
        }
        int k = c.attributes().index("k", 0);
        double[] values = new double[HostArray.count(shape)];
        for (int row = 0; row < shape.dim(0); row++) {
            if (row + k >= 0 && row + k < shape.dim(1)) {
                values[row * shape.dim(1) + row + k] = 1;
            }
        }
        ElementType type = c.attributes().has("dtype") ? type(c, "dtype") : c.type(0);
        return Value.of(HostArray.of(type, shape, values));
    }

    /** The element type that an attribute names. */
    static ElementType type(Call c, String attribute) {
        if (!c.attributes().has(attribute)) {
            throw c.problem("no attribute " + attribute, "an element type");
        }
        int code = c.attributes().index(attribute, 1);
        return ElementType.of(code).orElseThrow(() -> new OnnxException(c.node().describe() + ": given element type "
                + code + "; expected one of ONNX's types without complex"));
    }

    private static Value shape(Call c) {
        int[] dims = c.shape(0).toArray();
        int from = bound(c.attributes().integer("start", 0), dims.length);
        int to = bound(c.attributes().integer("end", dims.length), dims.length);
        return Value.of(HostArray.longs(Arrays.stream(dims, from, Math.max(from, to)).asLongStream().toArray()));
    }

    private static int bound(long given, int rank) {
        return Math.clamp(given < 0 ? given + rank : given, 0, rank);
    }

    /** a − b·cos(2πi/n) + d·cos(4πi/n), n less by one where it is not periodic. */
    private static Value window(Call c, double a, double b, double d) {
        int size = c.size(c.longs(0)[0]);
        int n = c.attributes().flag("periodic", true) ? size : size - 1;
        IntToDoubleFunction at = i -> a - b * Math.cos(2 * Math.PI * i / n) + d * Math.cos(4 * Math.PI * i / n);
        ElementType type = c.attributes().has("output_datatype") ? type(c, "output_datatype") : ElementType.FLOAT;
        return Value.of(HostArray.of(type, Shape.of(size), IntStream.range(0, HostArray.count(Shape.of(size)))
                .mapToDouble(at).toArray()));
    }
}
