package dev.osteon.nn;

import dev.osteon.engine.ShapeException;
import dev.osteon.engine.backend.Backends;
import dev.osteon.engine.memory.TensorScope;
import dev.osteon.engine.tensor.DType;
import dev.osteon.engine.tensor.Device;
import dev.osteon.engine.tensor.HostData;
import dev.osteon.engine.tensor.Shape;
import dev.osteon.engine.tensor.Tensor;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.function.DoubleSupplier;

/** A named tensor that outlives every scope and is overwritten in place: a weight, a statistic, a momentum buffer. */
public final class Parameter implements AutoCloseable {

    private final String name;
    private final Tensor tensor;

    private Parameter(String name, Tensor tensor) {
        this.name = name;
        this.tensor = tensor;
    }

    /** A parameter of {@code values} in row-major order, rounded to {@code dtype}. */
    public static Parameter of(String name, Device device, Shape shape, DType dtype, double... values) {
        try (TensorScope scope = TensorScope.open()) {
            return new Parameter(name, scope.release(Tensor.of(device, shape, dtype, values)));
        }
    }

    /** A parameter of values that are asked for one by one, in row-major order, and rounded to {@code dtype}. */
    public static Parameter of(String name, Device device, Shape shape, DType dtype, DoubleSupplier values) {
        try (TensorScope scope = TensorScope.open()) {
            return new Parameter(name, scope.release(Tensor.of(device, shape, dtype, values)));
        }
    }

    /** A parameter whose values are all {@code value}. */
    public static Parameter full(String name, Device device, Shape shape, DType dtype, double value) {
        return of(name, device, shape, dtype, () -> value);
    }

    /** A parameter that takes {@code tensor} over: it belongs to no scope any more. */
    public static Parameter of(String name, Tensor tensor) {
        return new Parameter(name, TensorScope.detach(tensor));
    }

    /** Zeros like {@code other}. */
    static Parameter zerosLike(String name, Parameter other) {
        return full(name, other.tensor.device(), other.shape(), other.tensor.dtype(), 0);
    }

    /** The full name it was made under. */
    public String name() {
        return name;
    }

    /** The tensor; the same one for the parameter's whole life. */
    public Tensor tensor() {
        return tensor;
    }

    public Shape shape() {
        return tensor.shape();
    }

    /** The values in row-major order; waits for the device. */
    public double[] values() {
        return tensor.toDoubles();
    }

    /**
     * Overwrites the values, given in row-major order and rounded to the tensor's type.
     *
     * @throws ShapeException when their number differs
     */
    public void assign(double... values) {
        if (values.length != tensor.size()) {
            throw new ShapeException("assign " + name, values.length + " values",
                    tensor.size() + " for " + tensor.spec());
        }
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment data = arena.allocate(Math.max(8, tensor.spec().bytes()), 8);
            for (int i = 0; i < values.length; i++) {
                HostData.set(data, tensor.dtype(), i, values[i]);
            }
            tensor.assign(data.asSlice(0, tensor.spec().bytes()));
        }
    }

    /**
     * Overwrites the values with those of a tensor of the same shape, type and layout, on the same device.
     *
     * @throws ShapeException when they differ
     */
    public void assign(Tensor values) {
        if (!values.spec().equals(tensor.spec()) || !values.device().equals(tensor.device())) {
            throw new ShapeException("assign " + name, values.toString(), tensor.toString());
        }
        Backends.of(tensor.device()).copy(values.buffer(), tensor.buffer());
    }

    @Override
    public void close() {
        tensor.close();
    }

    @Override
    public String toString() {
        return name + " " + tensor;
    }
}
