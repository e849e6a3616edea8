package dev.osteon.models.onnx.op;

import static dev.osteon.models.onnx.op.OpTable.one;

import dev.osteon.engine.op.Ops;
import dev.osteon.engine.tensor.DType;
import dev.osteon.engine.tensor.Shape;
import dev.osteon.engine.tensor.Tensor;
import dev.osteon.models.onnx.value.ElementType;
import dev.osteon.models.onnx.value.HostArray;
import dev.osteon.models.onnx.value.OnnxException;
import dev.osteon.models.onnx.value.SmallFloat;
import dev.osteon.models.onnx.value.Value;
import java.util.Arrays;
import java.util.List;

/** From one element type to another; between real types gradients flow, as if nothing had been rounded. */
final class CastOps {

    private CastOps() {}

    static List<Entry> entries() {
        return List.of(
                one("Cast", 1, c -> cast(c, CreationOps.type(c, "to"))),
                one("CastLike", 15, c -> cast(c, c.type(1))));
    }

    private static Value cast(Call c, ElementType to) {
        if (c.value(0) instanceof Value.OnDevice(Tensor x) && to.isReal()) {
            return Value.of(switch (to) {
                case FLOAT, DOUBLE -> Ops.cast(x, c.floating());
                case FLOAT16 -> Ops.cast(Ops.cast(x, DType.F16), c.floating());
                case BFLOAT16 -> Ops.cast(Ops.cast(x, DType.BF16), c.floating());
                default -> straightThrough(c, HostMath.mapReal(c.host(0), to, v -> rounded(c, to, v)));
            });
        }
        HostArray x = c.host(0);
        if (x.type() == ElementType.STRING) {
            return Value.of(parsed(c, x, to));
        }
        if (to == ElementType.STRING) {
            return Value.of(HostArray.of(x.shape(), texts(x)));
        }
        if (x.type().isReal() && to.isReal()) {
            return Value.of(HostMath.mapReal(x, to, v -> rounded(c, to, v)));
        }
        return Value.of(x.type().isReal() || to.isReal() ? HostArray.of(to, x.shape(), x.reals())
                : HostArray.of(to, x.shape(), x.integers()));
    }

    /**
     * Numbers of a type that the engine does not have: x − x + rounded, where the second x is a copy without gradient,
     * so that a finite x adds nothing but its gradient, which is 1.
     */
    private static Tensor straightThrough(Call c, HostArray rounded) {
        Shape shape = rounded.shape();
        double[] values = c.doubles(0);
        double[] finite = Arrays.stream(values).map(v -> Double.isFinite(v) ? v : 0).toArray();
        Tensor isFinite = Tensor.of(c.device(), shape, DType.BOOL,
                Arrays.stream(values).map(v -> Double.isFinite(v) ? 1 : 0).toArray());
        Tensor kept = Ops.where(isFinite, c.tensor(0), c.full(Shape.SCALAR, 0));
        return Ops.add(Ops.sub(kept, c.constant(shape, finite)), c.constant(shape, rounded.reals()));
    }

    /** The 8-bit types saturate unless told otherwise; other types become infinite. */
    private static double rounded(Call c, ElementType to, double value) {
        if (to.isComputed()) {
            return to.round(value);
        }
        SmallFloat.Overflow overflow = c.attributes().flag("saturate", true) ? SmallFloat.Overflow.SATURATE
                : SmallFloat.Overflow.SPECIAL;
        if (to == ElementType.FLOAT8E8M0) {
            return SmallFloat.of(to).powerOfTwo(value, overflow, switch (c.attributes().text("round_mode", "up")) {
                case "down" -> 2;
                case "nearest" -> 1.5;
                default -> 1 + 0x1p-52;
            });
        }
        return SmallFloat.of(to).round(value, overflow);
    }

    private static HostArray parsed(Call c, HostArray x, ElementType to) {
        try {
            if (to == ElementType.INT64 || to == ElementType.UINT64) {      // which may have more digits than a double
                return HostArray.of(to, x.shape(), Arrays.stream(x.texts()).mapToLong(text -> integer(text, to))
                        .toArray());
            }
            double[] values = Arrays.stream(x.texts()).mapToDouble(CastOps::number).toArray();
            return HostArray.of(to, x.shape(), values);
        } catch (NumberFormatException e) {
            throw new OnnxException(c.node().describe() + ": given a string that is no number: " + e.getMessage(), e);
        }
    }

    private static long integer(String text, ElementType to) {
        String digits = text.strip();
        return !digits.matches("[+-]?[0-9]+") ? (long) number(text)
                : to == ElementType.UINT64 ? Long.parseUnsignedLong(digits) : Long.parseLong(digits);
    }

    private static double number(String text) {
        return switch (text.strip().toLowerCase(java.util.Locale.ROOT)) {
            case "inf", "+inf", "infinity" -> Double.POSITIVE_INFINITY;
            case "-inf", "-infinity" -> Double.NEGATIVE_INFINITY;
            case "nan" -> Double.NaN;
            default -> Double.parseDouble(text.strip());
        };
    }

    /** As NumPy prints them, which is what the standard's own examples do. */
    private static String[] texts(HostArray x) {
        if (!x.type().isReal()) {
            return Arrays.stream(x.integers()).mapToObj(v -> x.type() == ElementType.UINT64
                    ? Long.toUnsignedString(v) : String.valueOf(v)).toArray(String[]::new);
        }
        return Arrays.stream(x.reals()).mapToObj(v -> Double.isNaN(v) ? "NaN" : Double.isInfinite(v)
                ? v > 0 ? "INF" : "-INF" : x.type() == ElementType.DOUBLE ? String.valueOf(v)
                : String.valueOf((float) v)).toArray(String[]::new);
    }
}
