package dev.osteon.engine.memory;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.osteon.engine.OutOfMemoryException;
import dev.osteon.engine.memory.CachingAllocator.Blocks;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;

/** Blocks are cut from segments and made one again, whatever the order; segments come and go whole. */
@SuppressWarnings("restricted")   // a segment of an address is never read here
class CachingAllocatorTest {

    private static final long MIB = 1 << 20;

    /** A device of addresses that nobody reads. */
    private static final class Device implements MemorySource {

        private final long room;
        private final Map<Long, Long> segments = new HashMap<>();
        private long next = 1 << 30;

        Device(long room) {
            this.room = room;
        }

        long held() {
            return segments.values().stream().mapToLong(Long::longValue).sum();
        }

        @Override
        public MemorySegment acquire(long bytes) {
            if (held() + bytes > room) {
                throw new OutOfMemoryError("the device is full");
            }
            MemorySegment segment = MemorySegment.ofAddress(next).reinterpret(bytes);
            segments.put(next, bytes);
            next += bytes + (1 << 30);
            return segment;
        }

        @Override
        public void surrender(MemorySegment segment) {
            assertThat(segments.remove(segment.address())).isEqualTo(segment.byteSize());
        }
    }

    private final Device device = new Device(1 << 30);
    private final CachingAllocator allocator = new CachingAllocator("device", device, Long.MAX_VALUE);

    private static long address(Buffer buffer) {
        return buffer.segment().address();
    }

    @Test
    void tensorsShareASegment() {
        Buffer first = allocator.allocate(3 * MIB, "first");
        Buffer second = allocator.allocate(5 * MIB, "second");
        assertThat(address(second)).isEqualTo(address(first) + 3 * MIB);
        assertThat(device.segments).hasSize(1);
        assertThat(allocator.stats().active()).isEqualTo(8 * MIB);
        assertThat(allocator.stats().active() + allocator.stats().cached()).isEqualTo(device.held());
    }

    @Test
    void neighboursThatAreFreeServeALargerOne() {
        List<Buffer> buffers = new ArrayList<>();
        for (int i = 0; i < 8; i++) {
            buffers.add(allocator.allocate(4 * MIB, "part"));          // the segment of 32 MiB is full
        }
        long start = address(buffers.get(2));
        for (int i : new int[] {4, 2, 3}) {
            buffers.get(i).release();
        }
        assertThat(address(allocator.allocate(12 * MIB, "all three"))).isEqualTo(start);
        assertThat(device.segments).hasSize(1);
    }

    @Test
    void theSmallestThatIsLargeEnoughServes() {
        Buffer large = allocator.allocate(8 * MIB, "large");
        allocator.allocate(MIB, "between");
        Buffer fitting = allocator.allocate(2 * MIB, "fitting");
        allocator.allocate(MIB, "behind");
        long expected = address(fitting);
        large.release();
        fitting.release();
        assertThat(address(allocator.allocate(2 * MIB - 100, "again"))).isEqualTo(expected);
    }

    @Test
    void smallOnesLieApart() {
        Buffer large = allocator.allocate(MIB, "large");
        Buffer small = allocator.allocate(100, "small");
        assertThat(Math.abs(address(small) - address(large))).isGreaterThan(64 * MIB);
        assertThat(device.segments).hasSize(2);
        assertThat(small.segment().byteSize()).isEqualTo(100);
    }

    @Test
    void onlySegmentsOfWhichNothingIsInUseGoBack() {
        Buffer first = allocator.allocate(20 * MIB, "first");
        Buffer second = allocator.allocate(20 * MIB, "second");
        Buffer third = allocator.allocate(10 * MIB, "third");          // beside the first
        assertThat(device.segments).hasSize(2);
        first.release();
        second.release();
        allocator.trim();
        assertThat(device.segments).hasSize(1);
        third.release();
        allocator.trim();
        assertThat(device.segments).isEmpty();
        assertThat(allocator.stats().cached()).isZero();
    }

    @Test
    void nearTheLimitASegmentIsNoLargerThanItsTensor() {
        allocator.setLimit(10 * MIB);
        Buffer most = allocator.allocate(9 * MIB, "most");
        assertThat(device.held()).isEqualTo(9 * MIB);
        assertThatThrownBy(() -> allocator.allocate(2 * MIB, "the rest")).isInstanceOf(OutOfMemoryException.class)
                .hasMessageContainingAll("the rest needs 2.0 MiB", "limit 10.0 MiB", "largest holders: most 9.0 MiB");
        most.release();
        assertThat(allocator.allocate(10 * MIB, "after all").bytes()).isEqualTo(10 * MIB);
    }

    @Test
    void nearTheLimitLargeOnesGoBetweenSmallOnes() {
        allocator.setLimit(3 * MIB);
        Buffer small = allocator.allocate(100, "small");
        Buffer large = allocator.allocate(3 * MIB / 2, "large");
        assertThat(address(large)).isEqualTo(address(small) + 512);
    }

    @Test
    void whatTheDeviceRefusesInLargeItMayGiveInSmall() {
        Device full = new Device(12 * MIB);
        CachingAllocator own = new CachingAllocator("device", full, Long.MAX_VALUE);
        own.allocate(5 * MIB, "first");
        own.allocate(6 * MIB, "second");
        assertThat(full.held()).isEqualTo(11 * MIB);
        assertThatThrownBy(() -> own.allocate(2 * MIB, "third")).isInstanceOf(OutOfMemoryException.class)
                .hasRootCauseMessage("the device is full");
    }

    @Test
    void aReserveKeepsItsBlocksToItself() {
        MemoryReserve reserve = allocator.reserve(() -> { });
        List<Buffer> inside = new ArrayList<>();
        allocator.within(reserve, () -> inside.add(allocator.allocate(4 * MIB, "inside")));
        long place = address(inside.getFirst());
        inside.getFirst().release();
        assertThat(reserve.waiting()).isEqualTo(4 * MIB);
        assertThat(address(allocator.allocate(4 * MIB, "outside"))).isNotEqualTo(place);
        allocator.within(reserve, () -> inside.add(allocator.allocate(3 * MIB, "inside again")));
        assertThat(address(inside.get(1))).isEqualTo(place);
        inside.get(1).release();
        reserve.close();
        assertThat(address(allocator.allocate(4 * MIB, "afterwards"))).isEqualTo(place);
    }

    @Test
    void exactBlocksAreSegmentsOfTheirOwn() {
        Buffer before = allocator.allocate(MIB, "before");
        allocator.setBlocks(Blocks.EXACT);
        Buffer exact = allocator.allocate(1001, "exact");
        assertThat(device.segments).containsEntry(address(exact), 1001L);
        exact.release();
        assertThat(device.segments).hasSize(1);
        before.release();
        assertThat(device.segments).isEmpty();
    }

    /** 20 000 requests and returns in any order: blocks in use never overlap, and in the end all is one again. */
    @Test
    void blocksNeverOverlap() {
        Random random = new Random(7);
        TreeMap<Long, Buffer> byAddress = new TreeMap<>();
        List<Buffer> live = new ArrayList<>();
        for (int i = 0; i < 20_000; i++) {
            if (live.size() > 200 || random.nextInt(5) < 2 && !live.isEmpty()) {
                Buffer gone = live.remove(random.nextInt(live.size()));
                byAddress.remove(address(gone));
                gone.release();
            } else {
                long bytes = 1 + random.nextInt(random.nextInt(4) == 0 ? 4 << 20 : 200 << 10);
                Buffer made = allocator.allocate(bytes, "some");
                Map.Entry<Long, Buffer> below = byAddress.floorEntry(address(made));
                Map.Entry<Long, Buffer> above = byAddress.ceilingEntry(address(made));
                assertThat(below == null || below.getKey() + below.getValue().bytes() <= address(made)).isTrue();
                assertThat(above == null || address(made) + bytes <= above.getKey()).isTrue();
                assertThat(address(made) % 512).isZero();
                byAddress.put(address(made), made);
                live.add(made);
            }
            assertThat(allocator.stats().active() + allocator.stats().cached()).isEqualTo(device.held());
        }
        live.forEach(Buffer::release);
        assertThat(allocator.stats().active()).isZero();
        allocator.trim();
        assertThat(device.segments).isEmpty();
    }
}
