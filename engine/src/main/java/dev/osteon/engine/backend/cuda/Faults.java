package dev.osteon.engine.backend.cuda;

import static dev.osteon.engine.backend.cuda.CudaFailure.check;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import dev.osteon.engine.EngineException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.List;
import jcuda.driver.JCudaDriver;

/**
 * What kernels find wrong with the values of their operands: an index out of range, an integer divided by 0. They write
 * it to a record in device memory, the first one wins; it is read whenever results are waited for.
 */
final class Faults {

    /** {@code struct Fault} of common.cuh. */
    private static final int BYTES = 24;
    /** Kind k is entry k − 1; kind 1 is the division of pointwise.cu. */
    private static final List<String> OPERATIONS = List.of("div", "gather", "gatherbackward", "select",
            "selectbackward", "affinecropresize", "affinecropresizebackward", "drawviews");

    private final CudaRuntime cuda;
    private final long address;

    Faults(CudaRuntime cuda) {
        this.cuda = cuda;
        Addresses.DeviceOut memory = new Addresses.DeviceOut();
        check(JCudaDriver.cuMemAlloc(memory, BYTES), "cuMemAlloc of " + BYTES + " bytes");
        this.address = memory.address();
        clear();
    }

    /** The record, for kernels. */
    long address() {
        return address;
    }

    /** The kind that stands for an operation's name. */
    static int kind(String operation) {
        return OPERATIONS.indexOf(operation) + 1;
    }

    /**
     * Waits for the device and looks.
     *
     * @throws EngineException with what was found since the last look
     */
    void raise() {
        int kind;
        int position;
        long value;
        long bound;
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment record = arena.allocate(BYTES, 8);
            cuda.staging().download(address, record);
            kind = record.get(JAVA_INT, 0);
            position = record.get(JAVA_INT, 4);
            value = record.get(JAVA_LONG, 8);
            bound = record.get(JAVA_LONG, 16);
        }
        if (kind == 0) {
            return;
        }
        clear();
        String operation = OPERATIONS.get(kind - 1);
        throw new EngineException(bound == 0
                ? operation + ": given an integer divisor of 0; expected another; cast to a floating type"
                : operation + ": given index " + value + " at position " + position + "; expected 0 to " + (bound - 1));
    }

    private void clear() {
        check(JCudaDriver.cuMemsetD8Async(Addresses.device(address), (byte) 0, BYTES, cuda.mainStream()),
                "cuMemsetD8Async");
    }
}
