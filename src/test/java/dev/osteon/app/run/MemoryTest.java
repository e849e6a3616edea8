package dev.osteon.app.run;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class MemoryTest {

    private static final long MIB = 1L << 20;

    @TempDir
    Path root;

    private void write(String file, String text) throws IOException {
        Path path = root.resolve(file);
        Files.createDirectories(path.getParent());
        Files.writeString(path, text);
    }

    @Test
    void aSystemThatDoesNotSayLimitsNothing() {
        assertThat(Memory.free(root)).isEqualTo(Long.MAX_VALUE);
    }

    @Test
    void withoutAContainerItIsWhatTheSystemHasLeft() throws IOException {
        write("proc/meminfo", "MemTotal:       8000000 kB\nMemAvailable:   4096000 kB\n");
        write("proc/self/cgroup", "0::/user.slice\n");
        write("sys/fs/cgroup/user.slice/memory.max", "max\n");
        write("sys/fs/cgroup/user.slice/memory.current", "100\n");
        assertThat(Memory.free(root)).isEqualTo(4000 * MIB);
    }

    @Test
    void aContainersLimitCountsWithoutItsIdlePageCache() throws IOException {
        write("proc/meminfo", "MemAvailable:   8192000 kB\n");
        write("proc/self/cgroup", "0::/\n");
        write("sys/fs/cgroup/memory.max", String.valueOf(2000 * MIB));
        write("sys/fs/cgroup/memory.current", String.valueOf(1500 * MIB));
        write("sys/fs/cgroup/memory.stat", "anon 5\ninactive_file " + 700 * MIB + "\n");
        assertThat(Memory.free(root)).isEqualTo(1200 * MIB);
    }

    @Test
    void versionOneOfControlGroupsIsKnown() throws IOException {
        write("proc/meminfo", "MemAvailable:   8192000 kB\n");
        write("proc/self/cgroup", "5:cpu:/x\n4:memory:/box\n0::/\n");
        write("sys/fs/cgroup/memory/box/memory.limit_in_bytes", String.valueOf(1000 * MIB));
        write("sys/fs/cgroup/memory/box/memory.usage_in_bytes", String.valueOf(400 * MIB));
        assertThat(Memory.free(root)).isEqualTo(600 * MIB);
    }

    @Test
    void thisProcessHasSome() {
        assertThat(Memory.now().heap()).isBetween(16 * MIB, Long.MAX_VALUE);
        assertThat(Memory.now().free()).isPositive();
    }
}
