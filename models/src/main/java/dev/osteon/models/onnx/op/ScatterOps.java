package dev.osteon.models.onnx.op;

import static dev.osteon.models.onnx.op.OpTable.one;

import dev.osteon.engine.dispatch.Dispatcher;
import dev.osteon.engine.op.Ops;
import dev.osteon.engine.op.SelectBackward;
import dev.osteon.engine.tensor.Shape;
import dev.osteon.engine.tensor.Tensor;
import dev.osteon.models.onnx.value.ElementType;
import dev.osteon.models.onnx.value.HostArray;
import dev.osteon.models.onnx.value.OnnxException;
import dev.osteon.models.onnx.value.Value;
import java.util.List;

/** Elements put, added, … where indices say. */
final class ScatterOps {

    private ScatterOps() {}

    static List<Entry> entries() {
        return List.of(
                one("Scatter", 9, ScatterOps::scatterElements),
                one("ScatterElements", 11, ScatterOps::scatterElements),
                one("ScatterND", 11, c -> scatter(c, IndexOps.tuplePositions(c, 0))));
    }

    private static Value scatterElements(Call c) {
        return scatter(c, IndexOps.elementPositions(c, c.axis("axis", 0, c.rank(0))));
    }

    private static Value scatter(Call c, long[] positions) {
        String reduction = c.attributes().text("reduction", "none");
        if (c.shape(2).size() != positions.length) {
            throw c.problem("updates " + c.shape(2), positions.length + " elements");
        }
        boolean linear = reduction.equals("none") || reduction.equals("add");
        if (linear && c.isReal(0) && !c.allOnHost()) {
            return Value.of(onDevice(c, positions, reduction.equals("add")));
        }
        HostArray x = c.host(0);
        HostArray updates = c.host(2);
        if (x.type().isReal()) {
            double[] values = x.reals().clone();
            double[] given = updates.reals();
            for (int i = 0; i < positions.length; i++) {
                int at = (int) positions[i];
                values[at] = reduced(c, reduction, values[at], given[i]);
            }
            return Value.of(HostArray.of(x.type(), x.shape(), values));
        }
        if (x.type() == ElementType.STRING) {
            String[] values = x.texts().clone();
            for (int i = 0; i < positions.length; i++) {
                values[(int) positions[i]] = updates.texts()[i];
            }
            return Value.of(HostArray.of(x.shape(), values));
        }
        long[] values = x.integers().clone();
        for (int i = 0; i < positions.length; i++) {
            int at = (int) positions[i];
            long given = updates.integers()[i];
            values[at] = reduced(c, reduction, x.type(), values[at], given);
        }
        return Value.of(HostArray.of(x.type(), x.shape(), values));
    }

    private static long reduced(Call c, String reduction, ElementType type, long before, long given) {
        boolean larger = type.isUnsigned() ? Long.compareUnsigned(given, before) > 0 : given > before;
        return switch (reduction) {
            case "none" -> given;
            case "add" -> before + given;
            case "mul" -> before * given;
            case "max" -> larger ? given : before;
            case "min" -> larger ? before : given;
            default -> throw unknown(c, reduction);
        };
    }

    private static OnnxException unknown(Call c, String reduction) {
        return c.problem("reduction " + reduction, "none, add, mul, max or min");
    }

    private static double reduced(Call c, String reduction, double before, double given) {
        return switch (reduction) {
            case "none" -> given;
            case "add" -> before + given;
            case "mul" -> before * given;
            case "max" -> Math.max(before, given);
            case "min" -> Math.min(before, given);
            default -> throw unknown(c, reduction);
        };
    }

    /** The updates added into zeros, and then added to x or put in its place. */
    private static Tensor onDevice(Call c, long[] positions, boolean add) {
        Tensor x = c.tensor(0);
        int size = (int) x.size();
        Tensor updates = Ops.reshape(c.tensor(2), positions.length);
        Tensor scattered = Ops.reshape(Dispatcher.run(new SelectBackward(0, size), updates,
                c.positions(positions)), x.shape().toArray());
        if (add) {
            return Ops.add(x, scattered);
        }
        double[] hit = new double[HostArray.count(Shape.of(size))];
        for (long position : positions) {
            hit[(int) position] = 1;
        }
        HostArray mask = HostArray.of(ElementType.BOOL, x.shape(), hit);
        return Ops.where(mask.upload(c.device(), c.floating()), scattered, x);
    }
}
