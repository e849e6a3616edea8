package dev.osteon.engine.backend.cuda;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.File;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.lang.ProcessBuilder.Redirect;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.FileTime;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** How libraries are found and linked, each in a process of its own. */
class CudaLibrariesTest {

    private static Path emulator;

    @TempDir
    private Path folder;

    @BeforeAll
    static void build() {
        CudaEmulator.backend();
        emulator = Path.of(System.getProperty("osteon.cuda.libraries", ""));
        assumeTrue(CudaEmulator.isEmulated(), "needs the emulator's files");
    }

    /** What {@link CudaProbe} prints. */
    private String probe(Path libraries, Map<String, String> environment) {
        return probe(libraries, environment, emulator.resolve("cache"), "");
    }

    private String probe(Path libraries, Map<String, String> environment, Path cache, String classPath) {
        List<String> command = new ArrayList<>(List.of(Path.of(System.getProperty("java.home"), "bin", "java")
                .toString(), "--enable-native-access=ALL-UNNAMED", "--add-modules=jdk.incubator.vector", "-cp",
                System.getProperty("java.class.path") + classPath, "-Dosteon.cuda.cache=" + cache));
        if (environment.isEmpty()) {
            command.add("-Dosteon.cuda.libraries=" + libraries);
        }
        command.add(CudaProbe.class.getName());
        ProcessBuilder builder = new ProcessBuilder(command).redirectError(Redirect.DISCARD);
        builder.environment().keySet().removeAll(List.of("LD_LIBRARY_PATH", "CUDA_PATH", "CUDA_HOME"));
        builder.environment().putAll(environment);
        try (InputStream out = builder.start().getInputStream()) {
            return new String(out.readAllBytes(), StandardCharsets.UTF_8);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private void copy(String from, String to) {
        try {
            Files.copy(emulator.resolve(from), folder.resolve(to), StandardCopyOption.REPLACE_EXISTING);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Test
    void foldersMayComeFromTheEnvironment() {
        assertThat(probe(emulator, Map.of("OSTEON_CUDA_LIBRARIES", emulator.toString())))
                .contains("emulator", "cuBLAS 12", "[7.0, 10.0, 15.0, 22.0]");
    }

    /** A virtual environment that is not activated, but whose python3 is the first on the PATH. */
    @Test
    void foldersMayComeFromThePythonOnThePath() throws IOException {
        Path libraries = folder.resolve("venv/lib/python3.12/site-packages/nvidia/cu13/lib");
        Files.createDirectories(libraries);
        for (String name : List.of("libcuda.so.1", "libcudnn.so.9", "libcublas.so.12", "libnvrtc.so.12",
                "cudahost.h")) {
            copy(name, folder.relativize(libraries.resolve(name)).toString());
        }
        Path python = folder.resolve("venv/bin/python3");
        Files.createDirectories(python.getParent());
        Files.createFile(python);
        assertThat(probe(emulator, Map.of("PATH", python.getParent() + ":" + System.getenv("PATH"))))
                .contains("emulator", libraries + "/libcublas.so.12", "[7.0, 10.0, 15.0, 22.0]");
    }

    /** A machine with CUDA 13 only: the same libraries under its names and version nodes. */
    @Test
    void cuda13IsLinkedByReaimingJCudasNatives() throws IOException {
        for (String name : List.of("libcuda.so.1", "libcudnn.so.9", "cudahost.h", "half.h")) {
            copy(name, name);
        }
        for (String name : List.of("libcublas.so.", "libnvrtc.so.")) {
            byte[] content = Files.readAllBytes(emulator.resolve(name + 12));
            assertThat(ElfRetarget.retarget(content, name + 12, name + 13)).isPositive();
            Files.write(folder.resolve(name + 13), renamed(content, name));
        }
        assertThat(probe(folder, Map.of())).contains("cuBLAS 13", "NVRTC 13", "[7.0, 10.0, 15.0, 22.0]");
    }

    /** The version that a library defines, beside its name: its hash in {@code .gnu.version_d}. */
    private static byte[] renamed(byte[] content, String name) {
        int from = ElfRetarget.hash(name + 12);
        int to = ElfRetarget.hash(name + 13);
        ByteBuffer words = ByteBuffer.wrap(content).order(ByteOrder.LITTLE_ENDIAN);
        for (int at = 0; at + 4 <= content.length; at += 4) {
            if (words.getInt(at) == from) {
                words.putInt(at, to);
            }
        }
        return content;
    }

    /** As the Maven profile has it: only the driver is on the machine. */
    @Test
    void aJarWithTheLibrariesIsUnpackedOnce() throws IOException {
        probe(emulator, Map.of());                           // kernels are compiled: the compiler needs its own folder
        copy("libcuda.so.1", "libcuda.so.1");
        Path cache = Files.createDirectory(folder.resolve("cache"));
        try (Stream<Path> compiled = Files.list(emulator.resolve("cache"))) {
            for (Path file : compiled.filter(Files::isRegularFile).toList()) {
                Files.copy(file, cache.resolve(file.getFileName()));
            }
        }
        Path jar = folder.resolve("jar");
        Path inside = Files.createDirectories(jar.resolve("org/bytedeco/cuda/linux-x86_64"));
        for (String name : List.of("libcublas.so.12", "libnvrtc.so.12", "libcudnn.so.9")) {
            Files.copy(emulator.resolve(name), inside.resolve(name));
        }
        Path properties = jar.resolve("META-INF/maven/org.bytedeco/cuda/pom.properties");
        Files.createDirectories(properties.getParent());
        Files.writeString(properties, "version=1.2.3\n");
        String withJar = File.pathSeparator + jar;
        String said = probe(folder, Map.of(), cache, withJar);
        Path unpacked = cache.resolve("redist-1.2.3");
        assumeTrue(said.contains(unpacked.toString()) || !said.contains("cuDNN 9 (/"), "this machine has its own");
        assertThat(said).contains("cuBLAS 12 (" + unpacked, "NVRTC 12 (" + unpacked, "cuDNN 9 (" + unpacked,
                "[7.0, 10.0, 15.0, 22.0]");
        FileTime time = Files.getLastModifiedTime(unpacked.resolve("libcublas.so.12"));
        assertThat(probe(folder, Map.of(), cache, withJar)).contains("[7.0, 10.0, 15.0, 22.0]");
        assertThat(Files.getLastModifiedTime(unpacked.resolve("libcublas.so.12"))).isEqualTo(time);
        try (Stream<Path> left = Files.list(cache)) {
            assertThat(left.filter(Files::isDirectory)).containsExactly(unpacked);
        }
    }

    @Test
    void withoutCudnnItSaysWhatIsMissing() {
        for (String name : List.of("libcuda.so.1", "libcublas.so.12", "libnvrtc.so.12")) {
            copy(name, name);
        }
        String said = probe(folder, Map.of());
        if (!said.contains("cuDNN 9 (/")) {       // this machine has one of its own
            assertThat(said).startsWith("refused: device cuda:0 was asked for; ").contains("cuDNN 9 (libcudnn.so.9)",
                    "osteon.cuda.libraries", "use --device cpu").hasLineCount(1);
        }
    }

    @Test
    void aLibraryThatIsBrokenIsNamed() throws IOException {
        Files.writeString(folder.resolve("libcuda.so.1"), "this is no library");
        assertThat(probe(folder, Map.of())).startsWith("refused: ").contains("driver could not be loaded",
                folder.toString());
    }
}
