package dev.osteon.engine.backend.cuda;

import dev.osteon.engine.memory.Buffer;
import dev.osteon.engine.tensor.Layout;
import dev.osteon.engine.tensor.Tensor;
import dev.osteon.engine.tensor.TensorSpec;
import java.util.ArrayList;
import java.util.List;

/**
 * Device memory of one kernel's run. It goes back when the work is queued: its next user is queued behind. What
 * copies here is a launch of its own: ask for addresses before a launch is given its arguments.
 */
final class Temporaries implements AutoCloseable {

    private final CudaRuntime cuda;
    private final List<Buffer> buffers = new ArrayList<>();

    Temporaries(CudaRuntime cuda) {
        this.cuda = cuda;
    }

    /** The address of {@code bytes} bytes, contents undefined. */
    long bytes(long bytes, String label) {
        Buffer buffer = cuda.temporary(Math.max(1, bytes), label);
        buffers.add(buffer);
        return buffer.segment().address();
    }

    /** The address of {@code count} float32. */
    long floats(long count, String label) {
        return bytes(count * Float.BYTES, label);
    }

    /** The address of the tensor's elements in {@code layout}: its own where that is the same order, else a copy's. */
    long in(Layout layout, Tensor tensor) {
        return relaid(tensor.spec(), tensor.segment().address(), layout);
    }

    private long relaid(TensorSpec spec, long address, Layout layout) {
        if (spec.liesAs(layout)) {
            return address;
        }
        long copy = bytes(spec.bytes(), "copy of " + spec + " as " + layout);
        Moves.relayout(cuda, spec.shape(), spec.dtype().bytes(), address, spec.layout(), copy, layout);
        return copy;
    }

    /** The address of the tensor's elements as {@code spec} has them: its type and layout. */
    long like(TensorSpec spec, Tensor tensor) {
        if (tensor.dtype() == spec.dtype()) {
            return in(spec.layout(), tensor);
        }
        long cast = bytes(tensor.size() * spec.dtype().bytes(), "copy of " + tensor.spec() + " as " + spec.dtype());
        cuda.launch("pointwise", "cast_" + tensor.dtype() + "_" + spec.dtype()).pointer(tensor).address(cast)
                .wide(tensor.size()).over(tensor.size());
        return relaid(tensor.spec().withDType(spec.dtype()), cast, spec.layout());
    }

    @Override
    public void close() {
        buffers.forEach(Buffer::release);
    }
}
