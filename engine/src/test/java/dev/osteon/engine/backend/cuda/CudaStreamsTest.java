package dev.osteon.engine.backend.cuda;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;
import jcuda.driver.CUevent;
import jcuda.driver.CUevent_flags;
import jcuda.driver.CUstream;
import jcuda.driver.CUstream_flags;
import jcuda.driver.JCudaDriver;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** Copies on a stream of their own: in order with the kernels' stream, and a missing event is noticed. */
@SuppressWarnings("restricted")
class CudaStreamsTest {

    private static final int BYTES = 64;
    private static final int INVALID = 1;
    private static CudaRuntime cuda;
    private static final CUstream COPIES = new CUstream();

    @BeforeAll
    static void open() {
        cuda = CudaEmulator.backend().cuda();
        cuda.enter();
        assertThat(JCudaDriver.cuStreamCreate(COPIES, CUstream_flags.CU_STREAM_NON_BLOCKING)).isZero();
    }

    private static long device() {
        Addresses.DeviceOut address = new Addresses.DeviceOut();
        assertThat(JCudaDriver.cuMemAlloc(address, BYTES)).isZero();
        return address.address();
    }

    private static MemorySegment pageLocked() {
        Addresses.Out address = new Addresses.Out();
        assertThat(JCudaDriver.cuMemHostAlloc(address, BYTES, 0)).isZero();
        return MemorySegment.ofAddress(address.address()).reinterpret(BYTES);
    }

    private static CUevent recorded(CUstream stream) {
        CUevent event = new CUevent();
        assertThat(JCudaDriver.cuEventCreate(event, CUevent_flags.CU_EVENT_DISABLE_TIMING)).isZero();
        assertThat(JCudaDriver.cuEventRecord(event, stream)).isZero();
        return event;
    }

    private static int copy(MemorySegment from, long to) {
        return JCudaDriver.cuMemcpyHtoDAsync(Addresses.device(to), Addresses.of(from.address()), BYTES, COPIES);
    }

    private static byte first(long device) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment host = arena.allocate(BYTES);
            cuda.staging().download(device, host);
            return host.get(ValueLayout.JAVA_BYTE, 0);
        }
    }

    @Test
    void useOfACopyThatNobodyWaitedForIsNoticed() {
        assumeTrue(CudaEmulator.isEmulated(), "a GPU does not notice");
        MemorySegment host = pageLocked().fill((byte) 7);
        long landing = device();
        long place = device();
        assertThat(copy(host, landing)).isZero();
        assertThatThrownBy(() -> cuda.copy(landing, place, BYTES)).isInstanceOf(CudaFailure.class)
                .hasMessageContaining("two streams use the same memory");
        assertThat(JCudaDriver.cuStreamWaitEvent(cuda.stream(), recorded(COPIES), 0)).isZero();
        cuda.copy(landing, place, BYTES);
        assertThat(first(place)).isEqualTo((byte) 7);
    }

    @Test
    void aCopyOverWhatIsStillToBeReadIsNoticed() {
        assumeTrue(CudaEmulator.isEmulated(), "a GPU does not notice");
        long landing = device();
        cuda.copy(landing, device(), BYTES);
        assertThat(copy(pageLocked(), landing)).isEqualTo(INVALID);
        assertThat(JCudaDriver.cuStreamWaitEvent(COPIES, recorded(cuda.stream()), 0)).isZero();
        assertThat(copy(pageLocked(), landing)).isZero();
    }

    /** What lies in page-locked memory when the copy is done counts, not what lay there when it was queued. */
    @Test
    void pageLockedMemoryThatIsWrittenTooEarlyShows() {
        assumeTrue(CudaEmulator.isEmulated(), "on a GPU it is a matter of luck");
        MemorySegment host = pageLocked().fill((byte) 1);
        long place = device();
        assertThat(copy(host, place)).isZero();
        host.fill((byte) 2);
        CUevent late = recorded(COPIES);
        assertThat(JCudaDriver.cuStreamWaitEvent(cuda.stream(), late, 0)).isZero();
        assertThat(first(place)).isEqualTo((byte) 2);

        assertThat(copy(host.fill((byte) 3), place)).isZero();
        assertThat(JCudaDriver.cuEventSynchronize(recorded(COPIES))).isZero();
        host.fill((byte) 4);
        assertThat(first(place)).isEqualTo((byte) 3);
    }

    /** Three times round the ring in parts of odd sizes, each read back only when all were sent. */
    @Test
    void uploadsGoRoundTheRing() {
        List<Integer> sizes = List.of(1, 255, 4 << 20, (5 << 20) + 3, 17, (9 << 20) - 1, 300, (16 << 20) + 77, 5,
                12 << 20, 1);
        List<Addresses.DeviceOut> places = new ArrayList<>();
        try (Arena arena = Arena.ofConfined()) {
            for (int i = 0; i < sizes.size(); i++) {
                Addresses.DeviceOut place = new Addresses.DeviceOut();
                assertThat(JCudaDriver.cuMemAlloc(place, sizes.get(i))).isZero();
                places.add(place);
                cuda.staging().upload(pattern(arena, sizes.get(i), i), place.address());
            }
            for (int i = 0; i < 200; i++) {                  // more than may be under way at a time
                cuda.staging().upload(pattern(arena, 5, i), places.get(8).address());
            }
            for (int i = 0; i < sizes.size(); i++) {
                MemorySegment back = arena.allocate(sizes.get(i));
                cuda.staging().download(places.get(i).address(), back);
                MemorySegment sent = pattern(arena, sizes.get(i), i == 8 ? 199 : i);
                assertThat(back.mismatch(sent)).as("upload %d", i).isEqualTo(-1);
            }
        }
        places.forEach(place -> assertThat(JCudaDriver.cuMemFree(place)).isZero());
    }

    private static MemorySegment pattern(Arena arena, int bytes, int seed) {
        MemorySegment data = arena.allocate(bytes);
        for (int i = 0; i < bytes; i++) {
            data.set(ValueLayout.JAVA_BYTE, i, (byte) (i * 31 + (i >> 8) + seed));
        }
        return data;
    }
}
