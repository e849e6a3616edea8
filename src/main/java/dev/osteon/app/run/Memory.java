package dev.osteon.app.run;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.stream.Stream;

/**
 * What memory this process may still take.
 *
 * @param heap   bytes that the Java heap may grow to
 * @param free   bytes that the system, the container's limit and {@code -Dosteon.memory.limit} leave for heap and
 *               tensors together
 */
record Memory(long heap, long free) {

    /** As it is now. Where the system does not say, the answer is a number that nothing exceeds. */
    static Memory now() {
        return new Memory(Runtime.getRuntime().maxMemory(), Math.min(free(Path.of("/")),
                Long.getLong("osteon.memory.limit", Long.MAX_VALUE)));
    }

    /**
     * The least of what /proc/meminfo calls available and what control groups (version 2 and 1) leave.
     *
     * @param root where /proc and /sys are
     */
    static long free(Path root) {
        long free = field(root.resolve("proc/meminfo"), "MemAvailable:").stream().map(kib -> kib << 10).findAny()
                .orElse(Long.MAX_VALUE);
        Path groups = root.resolve("sys/fs/cgroup");
        for (String group : groups(root.resolve("proc/self/cgroup"))) {
            free = Math.min(free, left(groups.resolve(group), "memory.max", "memory.current"));
            free = Math.min(free, left(groups.resolve("memory").resolve(group), "memory.limit_in_bytes",
                    "memory.usage_in_bytes"));
        }
        return free;
    }

    /** The group's folder below the hierarchy, and the hierarchy's own, which is what a container sees. */
    private static List<String> groups(Path list) {
        try (Stream<String> lines = Files.lines(list)) {
            return Stream.concat(Stream.of(""), lines.filter(l -> l.startsWith("0::") || l.contains(":memory:"))
                    .map(l -> l.substring(l.lastIndexOf(':') + 1).replaceFirst("^/+", ""))).distinct().toList();
        } catch (IOException e) {
            return List.of("");
        }
    }

    /** Files in the page cache that were not used of late count as free: the kernel drops them when asked for room. */
    private static long left(Path group, String limitFile, String usedFile) {
        OptionalLong limit = number(group.resolve(limitFile));
        OptionalLong used = number(group.resolve(usedFile));
        if (limit.isEmpty() || used.isEmpty()) {
            return Long.MAX_VALUE;
        }
        Path statistics = group.resolve("memory.stat");
        long cache = field(statistics, "total_inactive_file ").or(() -> field(statistics, "inactive_file ")).orElse(0L);
        return Math.max(0, limit.getAsLong() - Math.max(0, used.getAsLong() - cache));
    }

    private static OptionalLong number(Path file) {
        try {
            return OptionalLong.of(Long.parseLong(Files.readString(file).strip()));
        } catch (IOException | NumberFormatException e) {   // no such group, or "max"
            return OptionalLong.empty();
        }
    }

    private static Optional<Long> field(Path file, String start) {
        try (Stream<String> lines = Files.lines(file)) {
            return lines.filter(l -> l.startsWith(start))
                    .map(l -> Long.parseLong(l.substring(start.length()).strip().split(" ")[0])).findFirst();
        } catch (IOException | NumberFormatException e) {
            return Optional.empty();
        }
    }
}
