package dev.osteon.engine.backend.cuda;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * NVIDIA's own compiler accepts every kernel for every generation from Ampere on, where {@code nvcc} is on the PATH. A
 * source that passed is not compiled again.
 */
class CudaCompileTest {

    private static final List<Integer> ARCHITECTURES = List.of(80, 90, 100, 120);

    static List<String> files() {
        return KernelImages.FILES;
    }

    @ParameterizedTest
    @MethodSource("files")
    void nvccAcceptsIt(String file) throws IOException, InterruptedException {
        assumeTrue(Stream.of(System.getenv("PATH").split(":")).anyMatch(p -> Files.isExecutable(Path.of(p, "nvcc"))),
                "no nvcc here");
        String source = KernelModules.source("common.cuh") + KernelModules.source(file + ".cu");
        Path folder = Files.createDirectories(Path.of("target/nvcc").toAbsolutePath());
        Path passed = folder.resolve(file + "-" + HexFormat.of().toHexDigits(source.hashCode()) + ".passed");
        if (Files.exists(passed)) {
            return;
        }
        Path input = Files.writeString(folder.resolve(file + ".cu"), source);
        List<String> command = new ArrayList<>(List.of("nvcc", "--threads", "0", "-std=c++17",
                "-Werror=all-warnings", "--fatbin", input.toString(), "-o",
                folder.resolve(file + ".fatbin").toString()));
        ARCHITECTURES.forEach(a -> command.add("-gencode=arch=compute_" + a + ",code=sm_" + a));
        Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
        String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertThat(process.waitFor()).as(said).isZero();
        Files.writeString(passed, "");
    }

    @Test
    void noFileIsLeftOut() throws IOException {
        try (Stream<Path> files = Files.list(Path.of("src/main/resources/cuda"))) {
            assertThat(files.map(f -> f.getFileName().toString()).filter(n -> n.endsWith(".cu"))
                    .map(n -> n.replace(".cu", "")).toList()).containsExactlyInAnyOrderElementsOf(KernelImages.FILES);
        }
    }
}
