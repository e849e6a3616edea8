package dev.osteon.models.onnx.op;

import static dev.osteon.models.onnx.op.OpTable.one;

import dev.osteon.engine.dispatch.Dispatcher;
import dev.osteon.engine.op.Compare;
import dev.osteon.engine.op.Compare.Relation;
import dev.osteon.engine.op.Ops;
import dev.osteon.engine.tensor.DType;
import dev.osteon.engine.tensor.Device;
import dev.osteon.engine.tensor.Shape;
import dev.osteon.models.onnx.value.ElementType;
import dev.osteon.models.onnx.value.HostArray;
import dev.osteon.models.onnx.value.Value;
import java.util.List;
import java.util.function.DoublePredicate;
import java.util.function.LongBinaryOperator;

/** Comparisons, truth values and bits. */
final class LogicOps {

    private LogicOps() {}

    static List<Entry> entries() {
        return List.of(
                one("Equal", 1, c -> compare(c, Relation.EQUAL)),
                one("Less", 1, c -> compare(c, Relation.LESS)),
                one("LessOrEqual", 12, c -> compare(c, Relation.LESS_EQUAL)),
                one("Greater", 1, c -> compare(c, Relation.GREATER)),
                one("GreaterOrEqual", 12, c -> compare(c, Relation.GREATER_EQUAL)),
                one("And", 1, c -> bits(c, (a, b) -> a & b)),
                one("Or", 1, c -> bits(c, (a, b) -> a | b)),
                one("Xor", 1, c -> bits(c, (a, b) -> a ^ b)),
                one("Not", 1, c -> Value.of(HostMath.map(c.host(0), ElementType.BOOL, v -> 1 - v))),
                one("BitwiseAnd", 18, c -> bits(c, (a, b) -> a & b)),
                one("BitwiseOr", 18, c -> bits(c, (a, b) -> a | b)),
                one("BitwiseXor", 18, c -> bits(c, (a, b) -> a ^ b)),
                one("BitwiseNot", 18, c -> Value.of(HostMath.map(c.host(0), c.type(0), v -> ~v))),
                one("BitShift", 11, LogicOps::shift),
                one("IsNaN", 9, c -> test(c, Double::isNaN)),
                one("IsInf", 10, LogicOps::isInf),
                one("Where", 9, LogicOps::where));
    }

    private static Value compare(Call c, Relation relation) {
        if (!c.allOnHost()) {
            return Value.of(Dispatcher.run(new Compare(relation), c.tensor(0), c.secondOnDevice()));
        }
        HostArray a = c.host(0);
        HostArray b = c.secondOnHost();
        if (a.type() == ElementType.STRING) {
            Shape shape = Shape.broadcast(a.shape(), b.shape());
            long[] same = new long[HostArray.count(shape)];
            HostMath.walk(a.shape(), b.shape(), shape,
                    (i, p, q) -> same[i] = a.texts()[p].equals(b.texts()[q]) ? 1 : 0);
            return Value.of(HostArray.of(ElementType.BOOL, shape, same));
        }
        if (a.type().isReal()) {
            return Value.of(HostMath.zipReal(a, b, ElementType.BOOL, (p, q) -> switch (relation) {
                case EQUAL -> p == q;
                case NOT_EQUAL -> p != q;
                case LESS -> p < q;
                case LESS_EQUAL -> p <= q;
                case GREATER -> p > q;
                case GREATER_EQUAL -> p >= q;
            } ? 1 : 0));
        }
        boolean unsigned = a.type().isUnsigned();
        return Value.of(HostMath.zip(a, b, ElementType.BOOL, (p, q) -> {
            int sign = unsigned ? Long.compareUnsigned(p, q) : Long.compare(p, q);
            return switch (relation) {
                case EQUAL -> sign == 0;
                case NOT_EQUAL -> sign != 0;
                case LESS -> sign < 0;
                case LESS_EQUAL -> sign <= 0;
                case GREATER -> sign > 0;
                case GREATER_EQUAL -> sign >= 0;
            } ? 1 : 0;
        }));
    }

    private static Value bits(Call c, LongBinaryOperator f) {
        return Value.of(HostMath.zip(c.host(0), c.secondOnHost(), c.type(0), f));
    }

    private static Value shift(Call c) {
        boolean left = c.attributes().text("direction", "").equals("LEFT");
        return Value.of(HostMath.zip(c.host(0), c.host(1), c.type(0),
                (a, b) -> Long.compareUnsigned(b, 63) > 0 ? 0 : left ? a << b : a >>> b));
    }

    private static Value test(Call c, DoublePredicate holds) {
        return Value.of(HostMath.mapReal(c.host(0), ElementType.BOOL, v -> holds.test(v) ? 1 : 0));
    }

    private static Value isInf(Call c) {
        boolean below = c.attributes().flag("detect_negative", true);
        boolean above = c.attributes().flag("detect_positive", true);
        return test(c, v -> above && v == Double.POSITIVE_INFINITY || below && v == Double.NEGATIVE_INFINITY);
    }

    private static Value where(Call c) {
        if (c.allOnHost() || !c.isReal(1)) {
            HostArray condition = c.host(0);
            return Movement.join(List.of(c.host(1), c.host(2)), places -> Ops.where(
                    condition.upload(Device.REFERENCE, DType.F64), places.get(0), places.get(1)));
        }
        return Value.of(Ops.where(c.onDevice(0), c.tensor(1), c.tensor(2)));
    }
}
