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

    /** A block from between small ones waits among the reserve's small ones, and is found there. */
    @Test
    void aReserveFindsItsBlockOfTheWrongSize() {
        allocator.setLimit(3 * MIB);
        allocator.allocate(100, "small");
        MemoryReserve reserve = allocator.reserve(() -> { });
        for (int step = 0; step < 3; step++) {
            allocator.within(reserve, () -> allocator.allocate(3 * MIB / 2, "in each step").release());
        }
        assertThat(reserve.waiting()).isEqualTo(3 * MIB / 2);
        assertThat(allocator.stats().active()).isEqualTo(3 * MIB / 2 + 512);
    }

    /** What is cached stays where the exact size still fits: giving it back costs a wait each time. */
    @Test
    void nothingIsGivenBackWhileTheTensorFits() {
        allocator.setLimit(48 * MIB);
        allocator.allocate(100, "cached").release();
        allocator.allocate(40 * MIB, "most");
        allocator.allocate(4 * MIB, "the rest");
        assertThat(device.held()).isEqualTo(46 * MIB);
        assertThat(allocator.stats().allocations()).isEqualTo(3);
    }

    @Test
    void freeBlocksThatAreTooSmallAreNamed() {
        allocator.setLimit(64 * MIB);
        List<Buffer> buffers = new ArrayList<>();
        for (int mib : new int[] {16, 1, 15, 16, 1, 15}) {
            buffers.add(allocator.allocate(mib * MIB, "part"));
        }
        for (int i : new int[] {0, 2, 3, 5}) {
            buffers.get(i).release();
        }
        assertThatThrownBy(() -> allocator.allocate(17 * MIB, "more")).isInstanceOf(OutOfMemoryException.class)
                .hasMessageContainingAll("more needs 17.0 MiB", "cached 62.0 MiB", "largest free block 16.0 MiB");
        buffers.get(1).release();
        assertThat(allocator.allocate(17 * MIB, "more").bytes()).isEqualTo(17 * MIB);
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

    /**
     * 20 000 requests and returns in any order, for everybody and within two reserves that come and go, with free
     * segments given back and other modes in between: blocks in use never overlap, and in the end all is one again.
     */
    @Test
    void blocksNeverOverlap() {
        Random random = new Random(7);
        TreeMap<Long, Buffer> live = new TreeMap<>();
        MemoryReserve[] reserves = {allocator.reserve(() -> { }), allocator.reserve(() -> { })};
        for (int i = 0; i < 20_000; i++) {
            if (live.size() > 200 || random.nextInt(5) < 2 && !live.isEmpty()) {
                Long near = live.floorKey(live.firstKey() + (long) (random.nextDouble() * (live.lastKey()
                        - live.firstKey())));
                live.remove(near).release();
            } else {
                long bytes = 1 + random.nextInt(random.nextInt(4) == 0 ? 4 << 20 : 200 << 10);
                int whose = random.nextInt(3);
                List<Buffer> made = new ArrayList<>();
                Runnable work = () -> made.add(allocator.allocate(bytes, "some"));
                if (whose < reserves.length) {
                    allocator.within(reserves[whose], work);
                } else {
                    work.run();
                }
                add(made.getFirst(), live);
            }
            if (random.nextInt(300) == 0) {
                int other = random.nextInt(reserves.length);
                reserves[other].close();
                reserves[other] = allocator.reserve(() -> { });
                allocator.trim();
            }
            if (random.nextInt(1000) == 0) {
                allocator.setBlocks(random.nextBoolean() ? Blocks.EXACT : Blocks.REUSED);
            }
            assertThat(allocator.stats().active() + allocator.stats().cached()).isEqualTo(device.held());
        }
        assertThat(allocator.stats().buffers()).isEqualTo(live.size());
        live.values().forEach(Buffer::release);
        List.of(reserves).forEach(MemoryReserve::close);
        assertThat(allocator.stats().active()).isZero();
        allocator.trim();
        assertThat(device.segments).isEmpty();
    }

    private static void add(Buffer made, TreeMap<Long, Buffer> live) {
        Map.Entry<Long, Buffer> below = live.floorEntry(address(made));
        Map.Entry<Long, Buffer> above = live.ceilingEntry(address(made));
        assertThat(below == null || below.getKey() + below.getValue().bytes() <= address(made)).isTrue();
        assertThat(above == null || address(made) + made.bytes() <= above.getKey()).isTrue();
        live.put(address(made), made);
    }
}
