package dev.osteon.engine.backend.cuda;

import dev.osteon.engine.memory.Buffer;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;
import jcuda.driver.CUstream;

/** What one thread records: where to, the device memory it reads that nobody may change, and the host's part in it. */
final class Capture implements AutoCloseable {

    private final CudaRuntime cuda;
    private final CUstream stream;
    private final List<Buffer> held = new ArrayList<>();
    private final List<Step> steps = new ArrayList<>();

    /**
     * A kernel, a library's call, a copy or an upload.
     *
     * @param numbers a hash of what the host gave it, but for addresses
     */
    record Step(String name, long numbers) {}

    Capture(CudaRuntime cuda, CUstream stream) {
        this.cuda = cuda;
        this.stream = stream;
    }

    CUstream stream() {
        return stream;
    }

    List<Step> steps() {
        return steps;
    }

    void note(String name, long numbers) {
        steps.add(new Step(name, numbers));
    }

    /** Device memory with these contents, there by the time the recording is queued, for as long as it is kept. */
    Buffer constant(MemorySegment contents, String label) {
        Buffer[] buffer = new Buffer[1];
        cuda.allocator().outside(() -> buffer[0] = cuda.allocator().allocate(contents.byteSize(), label));
        held.add(buffer[0]);
        cuda.staging().upload(contents, buffer[0].segment().address());
        return buffer[0];
    }

    /** Keeps somebody else's buffer from being used for anything else as long as the recording is there. */
    void hold(Buffer buffer) {
        held.add(buffer.retain());
    }

    static long hash(MemorySegment contents) {
        long hash = contents.byteSize();
        long at = 0;
        for (; at + Long.BYTES <= contents.byteSize(); at += Long.BYTES) {
            hash = mix(hash, contents.get(ValueLayout.JAVA_LONG_UNALIGNED, at));
        }
        for (; at < contents.byteSize(); at++) {
            hash = mix(hash, contents.get(ValueLayout.JAVA_BYTE, at));
        }
        return hash;
    }

    /** {@code hash} with one more number in it, in its place. */
    static long mix(long hash, long number) {
        long mixed = (hash ^ number) * 0x9E3779B97F4A7C15L;
        return mixed ^ mixed >>> 32;
    }

    @Override
    public void close() {
        held.forEach(Buffer::release);
        held.clear();
    }
}
