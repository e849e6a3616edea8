package dev.osteon.engine.backend.cuda;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.osteon.engine.backend.Backends;
import dev.osteon.engine.tensor.Device;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import jcuda.driver.JCudaDriver;

/**
 * The host emulator of {@code src/test/native} as the CUDA device of this process: built with g++ when its sources are
 * newer, and put before all other places where libraries are looked for. Without g++ tests are skipped, but not in
 * continuous integration. With {@code -Dosteon.cuda.emulator=false} the same tests run on the machine's own GPU.
 */
public final class CudaEmulator {

    /** The device. */
    public static final Device DEVICE = new Device(Device.Kind.CUDA, 0);
    private static final int ORDER_LIMIT = 0x7000;
    private static final int LAUNCHES_LIMIT = 0x7001;
    private static final int WAITS_LIMIT = 0x7002;
    private static final int PROFILED_LIMIT = 0x7003;
    private static final int UPLOADED_LIMIT = 0x7004;

    private CudaEmulator() {}

    /** In what order the emulator runs the threads of a block, and blocks. */
    public enum Order {
        AS_NUMBERED(0),
        BACKWARDS(1),
        SHUFFLED(2),
        /** Each launch in several orders, whose results must be the same. */
        COMPARED(-1);

        private final int number;

        Order(int number) {
            this.number = number;
        }
    }

    /** The backend, on the emulator. Skips the test when there is no g++. */
    public static synchronized CudaBackend backend() {
        if (!"false".equals(System.getProperty("osteon.cuda.emulator"))) {
            useEmulator();
        }
        return (CudaBackend) Backends.of(DEVICE);
    }

    /** Whether the device is the emulator: what only it can see is not asked of a GPU. */
    public static boolean isEmulated() {
        return backend().isEmulated();
    }

    /** Sets the order of threads from the next launch on. */
    public static void order(Order order) {
        if (isEmulated()) {
            assertThat(JCudaDriver.cuCtxSetLimit(ORDER_LIMIT, order.number)).isZero();
        }
    }

    /** Kernels that the emulator was asked to run so far. */
    public static long launches() {
        return count(LAUNCHES_LIMIT);
    }

    /** How often the host has waited for a stream so far. */
    public static long waits() {
        return count(WAITS_LIMIT);
    }

    /** Kernels that ran while a profiler was to look. */
    public static long profiled() {
        return count(PROFILED_LIMIT);
    }

    /** Bytes that were copied from the host so far. */
    public static long uploaded() {
        return count(UPLOADED_LIMIT);
    }

    private static long count(int limit) {
        long[] count = new long[1];
        assertThat(JCudaDriver.cuCtxGetLimit(count, limit)).isZero();
        return count[0];
    }

    private static void useEmulator() {
        boolean compiler = Stream.of(System.getenv("PATH").split(":")).anyMatch(p -> Files.isExecutable(Path.of(p,
                "g++")));
        String message = "no g++ here to build the CUDA emulator with";
        assertThat(compiler || !"true".equals(System.getenv("CI"))).as(message).isTrue();
        assumeTrue(compiler, message);
        Path sources = sources();
        Path folder = sources.resolve("../../../target/cuda-emulator").normalize();
        try {
            if (isStale(sources, folder)) {
                build(sources, folder);
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        System.setProperty("osteon.cuda.libraries", folder.toString());
        System.setProperty("osteon.cuda.workspace", "1");
        System.setProperty("osteon.cuda.cache", folder.resolve("cache").toString());
    }

    /** The emulator's sources, from the folder of any module. */
    private static Path sources() {
        return Stream.of("src/test/native", "../engine/src/test/native", "engine/src/test/native")
                .map(p -> Path.of(p).toAbsolutePath().normalize()).filter(p -> Files.exists(p.resolve("build.sh")))
                .findFirst().orElseThrow();
    }

    private static boolean isStale(Path sources, Path folder) throws IOException {
        Path last = folder.resolve("cudahost.h");        // copied when all else was built
        if (!Files.exists(last)) {
            return true;
        }
        try (Stream<Path> files = Files.list(sources)) {
            for (Path file : files.toList()) {
                if (Files.getLastModifiedTime(file).compareTo(Files.getLastModifiedTime(last)) > 0) {
                    return true;
                }
            }
        }
        return false;
    }

    private static void build(Path sources, Path folder) throws IOException {
        Process process = new ProcessBuilder(List.of("sh", sources.resolve("build.sh").toString(), folder.toString()))
                .redirectErrorStream(true).start();
        String output = new String(process.getInputStream().readAllBytes());
        try {
            assertThat(process.waitFor()).as(output).isZero();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException(e);
        }
    }
}
