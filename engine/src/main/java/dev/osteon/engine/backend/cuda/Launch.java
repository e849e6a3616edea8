package dev.osteon.engine.backend.cuda;

import static java.lang.foreign.ValueLayout.JAVA_DOUBLE;
import static java.lang.foreign.ValueLayout.JAVA_FLOAT;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import dev.osteon.engine.memory.Buffer;
import dev.osteon.engine.tensor.Tensor;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import jcuda.Pointer;
import jcuda.driver.CUfunction;
import jcuda.driver.JCudaDriver;

/**
 * One kernel's arguments and launch. They are written into a block of memory that a thread uses again and again, in the
 * order of the kernel's parameters; JCuda's own {@code Pointer.to} costs ten times as much for each launch.
 */
final class Launch {

    /** Threads of a block where nothing else is said. */
    static final int BLOCK = 256;
    static final int WARP = 32;
    /** Warps of such a block. */
    static final int WARPS = BLOCK / WARP;
    /** Blocks of a grid: what is left is visited by the same. */
    static final long MOST_BLOCKS = 1 << 20;
    private static final int BLOCKS_PER_MULTIPROCESSOR = 8;
    private static final int MAX_ARGUMENTS = 64;
    private static final long VALUES = MAX_ARGUMENTS * 8L;

    private final CudaRuntime cuda;
    private final MemorySegment block = Arena.ofAuto().allocate(VALUES + 4096, 16);
    private final Pointer arguments = Addresses.of(block.address());
    private CUfunction function;
    private String name = "";
    private int count;
    private long numbers;
    private long end;

    Launch(CudaRuntime cuda) {
        this.cuda = cuda;
    }

    Launch begin(CUfunction kernel, String kernelName) {
        function = kernel;
        name = kernelName;
        count = 0;
        numbers = 0;
        end = VALUES;
        return this;
    }

    /** Room for a value of some bytes; the argument's pointer is set to it. */
    private long room(long bytes) {
        long at = end;
        block.setAtIndex(JAVA_LONG, count++, block.address() + at);
        end = (at + bytes + 7) & -8L;
        return at;
    }

    Launch address(long value) {
        block.set(JAVA_LONG, room(8), value);
        return this;
    }

    /** An address, or 0 for none, which is another thing to do. */
    Launch addressOrNull(long value) {
        note(value == 0 ? 0 : 1);
        return address(value);
    }

    Launch pointer(Tensor tensor) {
        return address(tensor.segment().address());
    }

    Launch pointer(Buffer buffer) {
        return address(buffer.segment().address());
    }

    /** What is recorded must be the same each time, but for addresses. */
    private void note(long value) {
        numbers = Capture.mix(numbers, value);
    }

    /** A 64-bit integer. */
    Launch wide(long value) {
        note(value);
        return address(value);
    }

    Launch integer(int value) {
        note(value);
        block.set(JAVA_INT, room(4), value);
        return this;
    }

    Launch real(double value) {
        note(Double.doubleToLongBits(value));
        block.set(JAVA_FLOAT, room(4), (float) value);
        return this;
    }

    /** A float64. */
    Launch exact(double value) {
        note(Double.doubleToLongBits(value));
        block.set(JAVA_DOUBLE, room(8), value);
        return this;
    }

    Launch walk(Walk walk) {
        walk.write(block, room(Walk.BYTES));
        note(walk.numbers());
        return this;
    }

    /** A struct of 32-bit integers. */
    Launch integers(int... values) {
        long at = room(4L * values.length);
        for (int i = 0; i < values.length; i++) {
            note(values[i]);
            block.set(JAVA_INT, at + 4L * i, values[i]);
        }
        return this;
    }

    /** {@code struct Divisor} of common.cuh. */
    Launch divisor(Divisor divisor) {
        return integers(divisor.by(), divisor.factor(), divisor.shift());
    }

    /** A struct of 64-bit integers. */
    Launch wides(long... values) {
        long at = room(8L * values.length);
        for (int i = 0; i < values.length; i++) {
            note(values[i]);
            block.set(JAVA_LONG, at + 8L * i, values[i]);
        }
        return this;
    }

    /** Queues it with enough threads for {@code elements}, each of which visits some. Nothing for none. */
    void over(long elements) {
        if (elements > 0) {
            grid(blocks((elements + BLOCK - 1) / BLOCK), 1, BLOCK, 1);
        }
    }

    /** Queues it with a block for each row, up to what keeps the device busy; kernels go on with the rest. */
    void rows(long rows) {
        if (rows > 0) {
            grid(blocks(rows), 1, BLOCK, 1);
        }
    }

    /** Queues it with a block for each of {@code jobs}, which the GPU hands out as others end. Nothing for none. */
    void each(long jobs) {
        if (jobs > 0) {
            grid((int) Math.min(MOST_BLOCKS, jobs), 1, BLOCK, 1);
        }
    }

    /** Queues it with a warp for each of {@code jobs}, in blocks of 32 × 8 threads. Nothing for none. */
    void warps(long jobs) {
        if (jobs > 0) {
            grid((int) Math.min(MOST_BLOCKS, Math.ceilDiv(jobs, WARPS)), 1, WARP, WARPS);
        }
    }

    /** As many of {@code wanted} blocks as keep every multiprocessor busy. */
    int blocks(long wanted) {
        return (int) Math.min(wanted, (long) cuda.multiprocessors() * BLOCKS_PER_MULTIPROCESSOR);
    }

    void grid(int gridX, int gridY, int blockX, int blockY) {
        cuda.queued(name);
        cuda.capture().ifPresent(capture -> capture.note(name, Capture.mix(Capture.mix(numbers, gridX), gridY)));
        CudaFailure.check(JCudaDriver.cuLaunchKernel(function, gridX, gridY, 1, blockX, blockY, 1, 0, cuda.stream(),
                arguments, null), "launch of " + name);
    }
}
