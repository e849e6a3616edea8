package dev.osteon.bench.run;

import static org.assertj.core.api.Assertions.assertThat;

import dev.osteon.app.Main;
import dev.osteon.app.profile.Peaks;
import dev.osteon.bench.ComparedBenchmark;
import dev.osteon.bench.Implementation;
import dev.osteon.bench.Peer;
import dev.osteon.bench.kernel.MatMulBenchmark;
import dev.osteon.bench.result.BenchResult;
import dev.osteon.bench.result.CaseResult;
import dev.osteon.bench.result.Side;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import org.assertj.core.api.Assertions;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import picocli.CommandLine;

/** {@code osteon bench} as it is typed. */
class BenchCommandTest {

    @TempDir
    Path folder;

    private final StringWriter out = new StringWriter();
    private final StringWriter err = new StringWriter();

    @BeforeEach
    void atHome() {
        System.setProperty(BenchCommand.HOME, folder.toString());
    }

    @AfterEach
    void away() {
        System.clearProperty(BenchCommand.HOME);
    }

    @Test
    void measuresWithTheCollectorThatOsteonIsStartedWith() throws IOException {
        assertThat(Files.readString(Path.of("..", ".config", "launch.sh"))).contains(ComparedBenchmark.COLLECTOR);
    }

    private int osteon(String... arguments) {
        CommandLine line = Main.commandLine();
        return line.setOut(new PrintWriter(out)).setErr(new PrintWriter(err)).execute(arguments);
    }

    private void refused(String message, String... arguments) {
        assertThat(osteon(arguments)).isEqualTo(2);
        assertThat(err.toString()).contains(message).doesNotContain("\tat ");
        assertThat(err.toString().lines()).hasSize(1);
        err.getBuffer().setLength(0);
    }

    @Test
    void wrongWordsAreRefusedInOneLine() {
        refused("--filter: given nothing", "bench", "--filter", "nothing");
        refused("--vs: given torch; expected all, or some of [libtorch, libtorch-avx2", "bench", "--vs", "torch");
        refused("--rounds 0", "bench", "--rounds", "0");
        refused("--threads 0", "bench", "--threads", "0");
        refused("--param: given colour=red", "bench", "--param", "colour=red");
        refused("--param: given n", "bench", "--param", "n");
        refused("expected whole numbers", "bench", "--list", "--param", "n=many");
        refused("which is no file", "bench", "--compare", "a.json", "b.json");
        refused("--tolerance: given 2", "bench", "--tolerance", "2", "--compare", "a.json", "b.json");
        refused("osteon bench --help", "bench", "--fast");
    }

    @Test
    void helpSaysWhatThereIs() {
        assertThat(osteon("--help")).isZero();
        assertThat(out.toString()).containsPattern("(?m)^  bench ");
        assertThat(osteon("bench", "--help")).isZero();
        assertThat(out.toString()).contains("--filter", "--vs", "--quick", "--compare", "Examples:", "Exit status");
    }

    @Test
    void casesAreListedWithTheirPeers() {
        assertThat(osteon("bench", "--list", "--filter", "trainingstep,multicropstep,cropresize,NTXENT 1024")).isZero();
        assertThat(out.toString().lines()).containsExactly(
                "TrainingStep 16x224 f32  (libtorch, libtorch-avx2, djl, dl4j, floor)",
                "TrainingStep 16x224 bf16  (libtorch, libtorch-avx2, floor)",
                "MultiCropStep 16 f32  (libtorch, libtorch-avx2)",
                "MultiCropStep 16 bf16  (libtorch, libtorch-avx2)",
                "NtXent 1024  (libtorch, libtorch-avx2)",
                "CropResize global  (libtorch, libtorch-avx2)",
                "CropResize local  (libtorch, libtorch-avx2)");
    }

    @Test
    void everyBenchmarkOfTheTableCanBeMadeAndHasItsOwnNames() {
        List<BenchmarkCase> cases = Benchmarks.ALL.stream().flatMap(type -> BenchmarkCase.of(type, Map.of()).stream())
                .toList();
        assertThat(cases).hasSizeGreaterThan(100).allMatch(each -> each.instance() != null);
        assertThat(cases.stream().map(BenchmarkCase::name).collect(Collectors.toSet())).hasSameSizeAs(cases);
    }

    @Test
    void aQuickRunMeasuresInAProcessOfItsOwn() throws IOException {
        Path file = folder.resolve("result.json");
        assertThat(osteon("bench", "--quick", "--filter", "MatMul", "--vs", "libtorch", "--threads", "1", "--out",
                file.toString())).as(err.toString()).isZero();
        BenchResult result = BenchResult.read(file);
        assertThat(result.cases()).hasSize(1);
        CaseResult product = result.cases().getFirst();
        assertThat(product.name()).isEqualTo("MatMul 512x512x512 f32");
        assertThat(product.flops()).isEqualTo(2.0 * 512 * 512 * 512);
        assertThat(product.ours().milliseconds()).hasSize(1).allMatch(ms -> ms > 0);
        assertThat(product.ours().peakMib()).isPositive();
        assertThat(product.share()).isBetween(0.0, 1.5);
        assertThat(product.peers().getFirst().failure()).contains("not built", "peers/libtorch/target/build.log");
        assertThat(out.toString()).contains("| 512x512x512 f32 | osteon |", "not measured: not built");
        for (String ending : List.of("md", "html", "svg")) {
            assertThat(folder.resolve("result." + ending)).isNotEmptyFile();
        }
    }

    @Test
    void aBenchmarkThatThrowsIsReportedWithItsMessage() throws IOException {
        Path log = Files.createFile(folder.resolve("log"));
        Fork fork = new Fork(folder, 1, Fork.Length.QUICK, log);
        BenchmarkCase wrong = new BenchmarkCase(MatMulBenchmark.class, Map.of("shape", "2x2x2", "type", "f64"));
        assertThat(fork.measure(wrong, Optional.empty()).failure()).isEqualTo("given type f64; expected f32 or bf16");
        BenchmarkCase shapeless = new BenchmarkCase(MatMulBenchmark.class, Map.of("shape", "2x2", "type", "f32"));
        assertThat(fork.measure(shapeless, Optional.empty()).failure()).startsWith("given 2x2; expected 3 numbers");
    }

    @Test
    void aPeerThatIsNotOnTheClassPathSaysSo() {
        MatMulBenchmark benchmark = new MatMulBenchmark();
        benchmark.implementation = Peer.DJL.module();
        Assertions.assertThatThrownBy(benchmark::setUp).hasMessageContaining("bench/peers/djl");
        Assertions.assertThatThrownBy(() -> Implementation.named("x")).hasMessageContaining("given implementation x");
    }

    @Test
    void aRegressionIsAnExitCode() throws IOException {
        Path before = written("before.json", 10);
        Path after = written("after.json", 20);
        assertThat(osteon("bench", "--compare", before.toString(), after.toString())).isEqualTo(1);
        assertThat(out.toString()).contains("SLOWER", "1 regression in 1 cases");
        assertThat(osteon("bench", "--compare", after.toString(), before.toString())).isZero();
        assertThat(osteon("bench", "--compare", before.toString(), before.toString())).isZero();
        assertThat(osteon("bench", "--tolerance", "0.6", "--compare", before.toString(), after.toString())).isZero();
    }

    private Path written(String name, double ms) throws IOException {
        Path file = folder.resolve(name);
        new BenchResult(BenchResult.VERSION, "A processor", 2, new Peaks(1e9, Map.of("f32", 1e9)), List.of(
                new CaseResult("MatMul", Map.of("shape", "1x1x1"), "abc", "today", 1, 1, 1, List.of(
                        new Side(ComparedBenchmark.OURS, "osteon", List.of(ms, ms * 1.01), 1, ""))))).write(file);
        return file;
    }

    @Test
    void peersThatRunUnderLimitsHaveANameOfTheirOwn() {
        Set<String> names = List.of(Peer.values()).stream().map(Peer::toString).collect(Collectors.toSet());
        assertThat(names).hasSize(Peer.values().length).contains("libtorch", "libtorch-avx2");
        assertThat(Peer.LIBTORCH.environment()).isEmpty();
        assertThat(Peer.LIBTORCH_AVX2.environment()).containsEntry("DNNL_MAX_CPU_ISA", "AVX2");
        assertThat(Peer.LIBTORCH.module()).isEqualTo(Peer.LIBTORCH_AVX2.module());
    }
}
