package dev.osteon.engine.memory;

/**
 * An allocator's state, in bytes.
 *
 * @param active      held by live tensors
 * @param peak        the largest {@code active} since the last reset
 * @param cached      free blocks kept for reuse
 * @param buffers     number of live buffers
 * @param allocations segments that the device gave since the start
 */
public record MemoryStats(long active, long peak, long cached, long buffers, long allocations) {

    @Override
    public String toString() {
        return "active " + mib(active) + ", peak " + mib(peak) + ", cached " + mib(cached) + ", " + buffers
                + " buffers, " + allocations + " device allocations";
    }

    static String mib(long bytes) {
        return String.format(java.util.Locale.ROOT, "%.1f MiB", bytes / 1048576.0);
    }
}
