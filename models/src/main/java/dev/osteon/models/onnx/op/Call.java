package dev.osteon.models.onnx.op;

import dev.osteon.engine.dispatch.Dispatcher;
import dev.osteon.engine.op.Epilogue;
import dev.osteon.engine.op.Ops;
import dev.osteon.engine.tensor.DType;
import dev.osteon.engine.tensor.Device;
import dev.osteon.engine.tensor.Shape;
import dev.osteon.engine.tensor.Tensor;
import dev.osteon.models.onnx.graph.Attributes;
import dev.osteon.models.onnx.graph.Node;
import dev.osteon.models.onnx.value.ElementType;
import dev.osteon.models.onnx.value.HostArray;
import dev.osteon.models.onnx.value.OnnxException;
import dev.osteon.models.onnx.value.Value;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.function.Function;
import java.util.function.UnaryOperator;

/**
 * One evaluation of a node: its operands, in the form that a builder asks for.
 *
 * @param floating what the device computes in
 * @param uploads  puts a host array on the device as numbers of the floating type, bool or int64
 */
public record Call(Node node, List<Optional<Value>> inputs, Device device, DType floating,
        Function<HostArray, Tensor> uploads) {

    /** More elements than this by mere padding or repeating are taken for a mistake or an attack: 1 GB of floats. */
    private static final long LARGEST = 1L << 28;

    Attributes attributes() {
        return node.attributes();
    }

    /** What the optimiser has put after the operation. */
    Epilogue epilogue() {
        return Epilogue.valueOf(attributes().text(Epilogue.class.getName(), Epilogue.NONE.name()));
    }

    int count() {
        return inputs.size();
    }

    boolean has(int index) {
        return index < inputs.size() && inputs.get(index).isPresent();
    }

    Value value(int index) {
        if (!has(index)) {
            throw problem("no input " + index, "one");
        }
        return inputs.get(index).get();
    }

    Shape shape(int index) {
        return value(index).shape();
    }

    int rank(int index) {
        return value(index).rank();
    }

    /** The element type on the host, or that of real numbers on the device. */
    ElementType type(int index) {
        return switch (value(index)) {
            case Value.OnHost host -> host.array().type();
            case Value.OnDevice on -> on.tensor().dtype() == DType.BOOL ? ElementType.BOOL
                    : on.tensor().dtype() == DType.F64 ? ElementType.DOUBLE : ElementType.FLOAT;
        };
    }

    boolean isReal(int index) {
        return type(index).isReal();
    }

    /** Whether every operand lies on the host. */
    boolean allOnHost() {
        return inputs.stream().allMatch(v -> v.isEmpty() || v.get() instanceof Value.OnHost);
    }

    /** Operand {@code index} as real numbers on the device; in mixed precision, what an operation left in 16 bits. */
    Tensor tensor(int index) {
        Tensor tensor = onDevice(index);
        boolean mixed = tensor.dtype().isLow() && Dispatcher.autocast().isPresent();
        return tensor.dtype() == floating || mixed ? tensor : Ops.cast(tensor, floating);
    }

    /** Operand {@code index} on the device: reals, or bool, or int64. */
    Tensor onDevice(int index) {
        return switch (value(index)) {
            case Value.OnDevice on -> on.tensor();
            case Value.OnHost host -> uploads.apply(host.array());
        };
    }

    /**
     * The result of {@code how} in the first operand's type: for integers it computes in float64 on the reference
     * backend, exact up to 2^53, and what is computed goes back to the host.
     */
    Value inOwnType(Function<Call, Tensor> how) {
        if (isReal(0)) {
            return Value.of(how.apply(this));
        }
        HostArray wide = HostArray.of(how.apply(new Call(node, inputs, Device.REFERENCE, DType.F64,
                array -> array.upload(Device.REFERENCE, DType.F64))));
        return Value.of(HostArray.of(type(0), wide.shape(), wide.reals()));
    }

    HostArray host(int index) {
        return value(index).toHost();
    }

    /** The second operand of arithmetic or a comparison, on the host. */
    HostArray secondOnHost() {
        return host(1).reshaped(aligned());
    }

    /** The second operand of arithmetic or a comparison, on the device. */
    Tensor secondOnDevice() {
        Shape shape = aligned();
        return shape.equals(shape(1)) ? tensor(1) : Ops.reshape(tensor(1), shape.toArray());
    }

    /** Before opset 7 the second operand's first dimension is aligned with {@code axis} of the first one. */
    private Shape aligned() {
        Shape own = shape(1);
        if (node.opset() >= 7 || !attributes().has("axis") || own.rank() == 0) {
            return own;
        }
        int rank = rank(0);
        int axis = axis("axis", 0, rank);
        if (axis + own.rank() > rank) {
            throw problem("axis " + axis + " for a second operand of shape " + own + " and a first one of " + shape(0),
                    "an axis from which on the first has at least " + own.rank());
        }
        int[] dims = Arrays.copyOf(own.toArray(), rank - axis);
        Arrays.fill(dims, own.rank(), dims.length, 1);
        return Shape.of(dims);
    }

    /** Operand {@code index} as a list of integers, whatever numbers it holds. */
    long[] longs(int index) {
        HostArray array = host(index);
        return array.type().isInteger() ? array.integers()
                : Arrays.stream(array.reals()).mapToLong(v -> (long) v).toArray();
    }

    double[] doubles(int index) {
        return host(index).reals();
    }

    /** The one value of operand {@code index} when that lies on the host, so that it needs no tensor. */
    OptionalDouble scalar(int index) {
        return value(index) instanceof Value.OnHost(HostArray array) && array.size() == 1
                && array.type() != ElementType.STRING ? OptionalDouble.of(array.reals()[0]) : OptionalDouble.empty();
    }

    /** Numbers on the device, in the type it computes in. */
    Tensor constant(Shape shape, double... values) {
        return Tensor.of(device, shape, floating, values);
    }

    Tensor full(Shape shape, double value) {
        return Ops.full(device, shape, floating, value);
    }

    /** A list of positions on the device. */
    Tensor positions(long... values) {
        return HostArray.int64(device, Shape.of(values.length), values);
    }

    /** Moves elements of operand {@code index}, wherever it lies, as {@code how} moves those of a tensor. */
    Value move(int index, UnaryOperator<Tensor> how) {
        return Movement.apply(value(index), how);
    }

    /** Attribute {@code name} as one of {@code rank} axes; negative ones count from the end. */
    int axis(String name, int otherwise, int rank) {
        return axis(attributes().integer(name, otherwise), rank);
    }

    int axis(long given, int rank) {
        long axis = given < 0 ? given + rank : given;
        if (axis < 0 || axis >= rank) {
            throw problem("axis " + given, -rank + " to " + (rank - 1));
        }
        return (int) axis;
    }

    int[] axes(long[] given, int rank) {
        int[] axes = Arrays.stream(given).mapToInt(a -> axis(a, rank)).sorted().toArray();
        if (Arrays.stream(axes).distinct().count() < axes.length) {
            throw problem("axes " + Arrays.toString(given), "each once");
        }
        return axes;
    }

    /** Axes by attribute in old opsets and by operand {@code operand} in new ones. */
    Optional<long[]> axesGiven(int operand) {
        return has(operand) ? Optional.of(longs(operand)) : attributes().integers("axes");
    }

    /** A size as the engine has them. */
    int size(long given) {
        if (given < 0 || given > Integer.MAX_VALUE) {
            throw problem("a size of " + given, "0 to 2^31 - 1");
        }
        return (int) given;
    }

    /** A shape that numbers in the file ask for. */
    Shape affordable(Shape shape) {
        if (shape.size() > LARGEST) {
            throw problem("a result of shape " + shape, "at most " + LARGEST + " elements");
        }
        return shape;
    }

    OnnxException problem(String given, String expected) {
        return new OnnxException(node.describe() + ": given " + given + "; expected " + expected);
    }
}
