package dev.osteon.engine.backend.cuda;

import static dev.osteon.engine.backend.cuda.CudaFailure.check;

import java.lang.foreign.MemorySegment;
import java.util.ArrayDeque;
import java.util.Queue;
import jcuda.Pointer;
import jcuda.driver.CUevent;
import jcuda.driver.CUevent_flags;
import jcuda.driver.CUstream;
import jcuda.driver.CUstream_flags;
import jcuda.driver.JCudaDriver;

/**
 * Copies between the host and the device. What is uploaded goes into a ring of page-locked memory, from there on a
 * stream of its own, while kernels run, to a ring of the same size on the device, and on the kernels' stream, once it
 * has arrived, to its place: that may be memory which kernels still queued are to read, so no other stream may write
 * there. An upload returns as soon as its source was copied into the ring, and waits only when the ring is full.
 */
@SuppressWarnings("restricted")
final class Staging {

    private static final long RING = 16L << 20;
    private static final long PART = 4L << 20;
    private static final long ALIGNMENT = 256;
    private static final int MOST_UNDER_WAY = 64;

    private final CudaRuntime cuda;
    private final CUstream copies = new CUstream();
    private final MemorySegment ring;
    private final long landing;
    private final MemorySegment received;
    private final Queue<Part> underWay = new ArrayDeque<>();
    private final Queue<Events> spare = new ArrayDeque<>();
    private long head;

    /** When a part has reached the device's ring, and when it has left it. */
    private record Events(CUevent arrived, CUevent placed) {}

    /** Bytes from … end of the rings, in use until the second event. */
    private record Part(long from, long end, Events events) {}

    Staging(CudaRuntime cuda) {
        this.cuda = cuda;
        check(JCudaDriver.cuStreamCreate(copies, CUstream_flags.CU_STREAM_NON_BLOCKING), "cuStreamCreate");
        this.ring = pageLocked(RING);
        this.received = pageLocked(PART);
        Addresses.DeviceOut memory = new Addresses.DeviceOut();
        check(JCudaDriver.cuMemAlloc(memory, RING), "cuMemAlloc of " + RING + " bytes");
        this.landing = memory.address();
    }

    private static MemorySegment pageLocked(long bytes) {
        Addresses.Out address = new Addresses.Out();
        check(JCudaDriver.cuMemHostAlloc(address, bytes, 0), "cuMemHostAlloc of " + bytes + " bytes");
        return MemorySegment.ofAddress(address.address()).reinterpret(bytes);
    }

    private static CUevent event() {
        CUevent event = new CUevent();
        check(JCudaDriver.cuEventCreate(event, CUevent_flags.CU_EVENT_DISABLE_TIMING), "cuEventCreate");
        return event;
    }

    /** Queues a copy of {@code source} to a device address; returns when {@code source} may be reused. */
    synchronized void upload(MemorySegment source, long target) {
        cuda.enter();
        for (long at = 0; at < source.byteSize(); at += PART) {
            upload(source.asSlice(at, Math.min(PART, source.byteSize() - at)), reserve(source.byteSize() - at),
                    target + at);
        }
    }

    private void upload(MemorySegment source, Part part, long target) {
        long bytes = source.byteSize();
        MemorySegment.copy(source, 0, ring, part.from, bytes);
        check(JCudaDriver.cuMemcpyHtoDAsync(Addresses.device(landing + part.from), host(ring, part.from), bytes,
                copies), "cuMemcpyHtoDAsync of " + bytes + " bytes");
        check(JCudaDriver.cuEventRecord(part.events.arrived, copies), "cuEventRecord");
        check(JCudaDriver.cuStreamWaitEvent(cuda.mainStream(), part.events.arrived, 0), "cuStreamWaitEvent");
        check(JCudaDriver.cuMemcpyDtoDAsync(Addresses.device(target), Addresses.device(landing + part.from), bytes,
                cuda.mainStream()), "cuMemcpyDtoDAsync of " + bytes + " bytes");
        check(JCudaDriver.cuEventRecord(part.events.placed, cuda.mainStream()), "cuEventRecord");
        underWay.add(part);
    }

    /** Room in the rings for so many bytes, or for a part of them; waits for those that are there. */
    private Part reserve(long bytes) {
        long size = (Math.min(PART, bytes) + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
        if (head + size > RING) {
            free(head, RING);
            head = 0;
        }
        free(head, head + size);
        if (underWay.size() == MOST_UNDER_WAY) {
            freeOldest();
        }
        Events events = spare.isEmpty() ? new Events(event(), event()) : spare.remove();
        Part part = new Part(head, head + size, events);
        head += size;
        return part;
    }

    /** Parts lie in the ring in the order of their age: the oldest is the first that can be in the way. */
    private void free(long from, long end) {
        while (!underWay.isEmpty() && underWay.element().from < end && underWay.element().end > from) {
            freeOldest();
        }
    }

    private void freeOldest() {
        Part oldest = underWay.remove();
        check(JCudaDriver.cuEventSynchronize(oldest.events.placed), "cuEventSynchronize");
        spare.add(oldest.events);
    }

    /** Waits for the device and copies {@code target.byteSize()} bytes from a device address. */
    synchronized void download(long source, MemorySegment target) {
        cuda.enter();
        for (long at = 0; at < target.byteSize(); at += PART) {
            long bytes = Math.min(PART, target.byteSize() - at);
            check(JCudaDriver.cuMemcpyDtoHAsync(host(received, 0), Addresses.device(source + at), bytes,
                    cuda.mainStream()), "cuMemcpyDtoHAsync of " + bytes + " bytes");
            cuda.synchronize();
            MemorySegment.copy(received, 0, target, at, bytes);
        }
    }

    private static Pointer host(MemorySegment memory, long at) {
        return Addresses.of(memory.address() + at);
    }
}
