package dev.osteon.engine.tensor;

import dev.osteon.engine.ClosedTensorException;
import dev.osteon.engine.EngineException;
import dev.osteon.engine.backend.Backend;
import dev.osteon.engine.backend.Backends;
import dev.osteon.engine.memory.Buffer;
import dev.osteon.engine.memory.LeakReporter;
import dev.osteon.engine.memory.TensorScope;
import dev.osteon.engine.op.Ops;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.channels.FileChannel;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.DoubleSupplier;

/**
 * A dense n-dimensional array on a device: a specification and a handle on a buffer. It belongs to the
 * {@link TensorScope} that was innermost when it was made. Arithmetic is in {@link Ops}; the fluent methods here are
 * the few that read better behind their first operand.
 */
public final class Tensor implements AutoCloseable {

    private static final int ALIGNMENT = 64;
    private static final AtomicLong IDS = new AtomicLong();
    private static final AtomicLong LIVE = new AtomicLong();

    private final long id = IDS.incrementAndGet();
    private final TensorSpec spec;
    private final Device device;
    private final Buffer buffer;
    private final AtomicBoolean closed;
    private TensorScope scope;
    private int scopeSlot = -1;

    private Tensor(TensorSpec spec, Device device, Buffer buffer) {
        this.spec = spec;
        this.device = device;
        this.buffer = buffer;
        this.closed = LeakReporter.watch(this, spec.toString());
        LIVE.incrementAndGet();
    }

    /** A tensor of undefined contents in the innermost scope. */
    public static Tensor empty(Device device, TensorSpec spec, String label) {
        Backend backend = Backends.of(device);
        Buffer buffer = backend.allocator().allocate(spec.bytes(), label);
        return TensorScope.adopt(new Tensor(spec, device, buffer));
    }

    /** Float32 values in row-major order. */
    public static Tensor of(Device device, Shape shape, float... values) {
        return HostData.upload(device, shape, DType.F32, values);
    }

    /** Values in row-major order, rounded to {@code dtype} (any type). */
    public static Tensor of(Device device, Shape shape, DType dtype, double... values) {
        return HostData.upload(device, shape, dtype, values);
    }

    /**
     * Values that are asked for one after the other, in row-major order, and rounded to {@code dtype} (any type). They
     * never lie in the Java heap, which a network's weights as arrays would make a few hundred megabytes larger.
     */
    public static Tensor of(Device device, Shape shape, DType dtype, DoubleSupplier values) {
        return HostData.upload(device, shape, dtype, values);
    }

    /** Integers in row-major order. */
    public static Tensor of(Device device, Shape shape, int... values) {
        return HostData.upload(device, shape, values);
    }

    /** A copy of {@code data}, {@code spec.bytes()} long and laid out as {@code spec} says. */
    public static Tensor copyOf(Device device, TensorSpec spec, MemorySegment data) {
        Tensor tensor = empty(device, spec, "copy " + spec);
        Backends.of(device).upload(data, tensor.buffer);
        return tensor;
    }

    /**
     * Values that stay in a file, in the machine's byte order: they are read when they are touched, and cannot be
     * written. The tensor needs the channel no longer; unmapped when it is closed, and its aliases are.
     *
     * @param device one whose memory is the host's
     * @param offset of the first in the file, a multiple of {@value #ALIGNMENT} bytes
     * @throws IOException when the file is shorter, or cannot be mapped
     */
    public static Tensor mapped(Device device, TensorSpec spec, FileChannel file, long offset) throws IOException {
        if (!device.isHost() || offset % ALIGNMENT != 0) {
            throw new EngineException("mapped tensor: given " + device + " and values from byte " + offset
                    + " on; expected a device with the host's memory and a multiple of " + ALIGNMENT);
        }
        return TensorScope.adopt(new Tensor(spec, device, Buffer.mapped(file, offset, spec.bytes(), "mapped " + spec)));
    }

    /** A second handle on the same memory, in the innermost scope: logical {@code shape}, row-major or as it was. */
    public Tensor alias(TensorSpec as) {
        requireOpen();
        return TensorScope.adopt(new Tensor(as, device, buffer.retain()));
    }

    public long id() {
        return id;
    }

    public TensorSpec spec() {
        return spec;
    }

    public Shape shape() {
        return spec.shape();
    }

    /** Size of dimension {@code axis}; negative axes count from the end. */
    public int dim(int axis) {
        return spec.dim(axis);
    }

    public int rank() {
        return spec.rank();
    }

    public long size() {
        return spec.shape().size();
    }

    public DType dtype() {
        return spec.dtype();
    }

    public Layout layout() {
        return spec.layout();
    }

    public Device device() {
        return device;
    }

    /** The memory; for kernels. */
    public MemorySegment segment() {
        requireOpen();
        return buffer.segment();
    }

    public Buffer buffer() {
        requireOpen();
        return buffer;
    }

    /** The values as doubles, in row-major order whatever the layout; waits for the device. */
    public double[] toDoubles() {
        return HostData.doubles(this);
    }

    /** The values as floats, in row-major order whatever the layout; waits for the device. */
    public float[] toFloats() {
        return HostData.floats(this);
    }

    /** The one value of a tensor of size 1; waits for the device. */
    public double item() {
        if (size() != 1) {
            throw new dev.osteon.engine.ShapeException("item", spec.toString(), "a tensor of exactly one element");
        }
        return toDoubles()[0];
    }

    /**
     * Overwrites the values in place, for parameters and buffers.
     *
     * @param data memory of the host (not a device tensor's {@link #segment}), laid out as {@link #spec} says
     */
    public void assign(MemorySegment data) {
        requireOpen();
        Backends.of(device).upload(data, buffer);
    }

    public Tensor add(Tensor other) {
        return Ops.add(this, other);
    }

    public Tensor sub(Tensor other) {
        return Ops.sub(this, other);
    }

    public Tensor mul(Tensor other) {
        return Ops.mul(this, other);
    }

    public Tensor div(Tensor other) {
        return Ops.div(this, other);
    }

    public Tensor add(double value) {
        return Ops.affine(this, 1, value);
    }

    public Tensor mul(double value) {
        return Ops.affine(this, value, 0);
    }

    public Tensor div(double value) {
        return Ops.affine(this, 1 / value, 0);
    }

    public Tensor neg() {
        return Ops.affine(this, -1, 0);
    }

    public Tensor reshape(int... dims) {
        return Ops.reshape(this, dims);
    }

    /** Swaps the last two dimensions. */
    public Tensor transpose() {
        return Ops.transpose(this);
    }

    /** Replaces the diagonal of the last two dimensions, which must be equal, by {@code value}. */
    public Tensor maskDiagonal(double value) {
        return Ops.maskDiagonal(this, value);
    }

    public Tensor to(DType dtype) {
        return Ops.cast(this, dtype);
    }

    public Tensor to(Layout layout) {
        return Ops.toLayout(this, layout);
    }

    public boolean isClosed() {
        return closed.get();
    }

    /** @throws ClosedTensorException when closed */
    public void requireOpen() {
        if (closed.get()) {
            throw new ClosedTensorException("tensor " + spec + " was used after it was closed; "
                    + "hand it on with scope.keep(tensor) if it must outlive its scope");
        }
    }

    /** The scope that will close this tensor, if any. */
    public Optional<TensorScope> scope() {
        return Optional.ofNullable(scope);
    }

    /** For {@link TensorScope}. */
    public int scopeSlot() {
        return scopeSlot;
    }

    /** For {@link TensorScope}. */
    public void setScope(TensorScope owner, int slot) {
        this.scope = owner;
        this.scopeSlot = slot;
    }

    /** Lets go of the memory. Closing twice does nothing. */
    @Override
    public void close() {
        if (closed.compareAndSet(false, true)) {
            LIVE.decrementAndGet();
            if (scope != null) {
                scope.forget(scopeSlot);
                scope = null;
            }
            buffer.release();
        }
    }

    /** Number of open tensors in the process: tests compare it before and after. */
    public static long live() {
        return LIVE.get();
    }

    @Override
    public String toString() {
        return spec + "@" + device + (closed.get() ? " (closed)" : "");
    }
}
