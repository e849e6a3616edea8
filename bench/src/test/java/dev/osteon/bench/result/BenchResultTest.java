package dev.osteon.bench.result;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.osteon.app.UserError;
import dev.osteon.app.profile.Peaks;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The format of result files, what is made of them, and the comparison of two. */
class BenchResultTest {

    private static final Peaks PEAKS = new Peaks(50e9, Map.of("f32", 300e9, "bf16", 700e9));

    @TempDir
    Path folder;

    private static Side side(String name, double... ms) {
        return new Side(name, name + " 1.0", java.util.Arrays.stream(ms).boxed().toList(), 100, "");
    }

    private static CaseResult of(String n, Side... sides) {
        return new CaseResult("NtXent", Map.of("n", n), "abc", "2026-01-01T00:00:00Z", 2e9, 1e9, 20, List.of(sides));
    }

    private static BenchResult result(CaseResult... cases) {
        return new BenchResult(BenchResult.VERSION, "A processor, 2 processors, Java 25", 2, PEAKS, List.of(cases));
    }

    @Test
    void aFileIsReadAsItWasWritten() throws IOException {
        BenchResult written = result(of("256", side("osteon", 40, 50, 45), side("libtorch", 80, 90, 70),
                Side.failed("djl", "its process crashed: SIGFPE in libtorch_cpu.so")), of("1024", side("osteon", 1)));
        Path file = folder.resolve("deeper/result.json");
        written.write(file);
        assertThat(BenchResult.read(file)).isEqualTo(written);
        assertThat(Files.readString(file)).contains("\"median\" : 45.0", "\"share of the roofline\"",
                "\"peer's time by ours, round by round\"");
    }

    @Test
    void spreadRatiosAndShareAreOfRounds() {
        CaseResult one = of("256", side("osteon", 40, 50, 45), side("libtorch", 80, 90, 70));
        assertThat(one.ours().spread()).isEqualTo(new Spread(40, 45, 50));
        Spread ratio = one.ratio(one.peers().getFirst()).orElseThrow();
        assertThat(ratio.median()).isCloseTo(1.8, within(1e-12));
        assertThat(ratio.min()).isCloseTo(70.0 / 45, within(1e-12));
        assertThat(ratio.max()).isEqualTo(2);
        assertThat(one.share()).isCloseTo(20.0 / 45, within(1e-12));
        assertThat(Spread.of(List.of(3.0, 1.0))).isEqualTo(new Spread(1, 2, 3));
    }

    @Test
    void aCaseTakesThePlaceOfItsEarlierResult() {
        BenchResult both = result(of("256", side("osteon", 1)), of("1024", side("osteon", 2)))
                .with(of("256", side("osteon", 3))).with(of("4096", side("osteon", 4)));
        assertThat(both.cases()).extracting(CaseResult::name).containsExactly("NtXent 256", "NtXent 1024",
                "NtXent 4096");
        assertThat(both.cases().getFirst().ours().milliseconds()).containsExactly(3.0);
    }

    @Test
    void tablesAndChartsShowFiguresAndReasons() {
        BenchResult result = result(of("256", side("osteon", 40, 50, 45), side("libtorch", 80, 90, 70),
                Side.failed("djl", "no <jars> | here")));
        assertThat(ResultTable.markdown(result)).contains("## NtXent", "| 256 | osteon | 45.0 | 40.0 – 50.0 |",
                "| **1.80** | 1.56 – 2.00 |", "| 44.4 | 22.2 | 44 % | 100 |", "not measured: no <jars> \\| here",
                "Commit abc.");
        assertThat(ResultPage.svg(result)).startsWith("<?xml").contains("45.0 ms (40.0 – 50.0), 44 % of the roofline",
                "× 1.80 (1.56 – 2.00)", "no &lt;jars&gt;").doesNotContain("href", "NaN");
        assertThat(ResultPage.html(result)).startsWith("<!doctype html>").contains("<svg", "NtXent")
                .doesNotContain("<script", "<link");
    }

    @Test
    void everySideMayHaveFailed() {
        BenchResult result = result(of("256", Side.failed("osteon", "why")));
        assertThat(ResultTable.markdown(result)).contains("not measured: why");
        assertThat(ResultPage.svg(result)).contains("not measured: why").doesNotContain("NaN", "Infinity");
    }

    private static Optional<Double> factor(CaseResult before, CaseResult after) {
        ResultComparison comparison = ResultComparison.of(result(before), result(after), 0.05);
        assertThat(comparison.lines()).hasSize(1);
        return comparison.changes().stream().findFirst().map(ResultComparison.Change::factor);
    }

    @Test
    void aTimeHasChangedWhenRangesDoNotMeet() {
        assertThat(factor(of("256", side("osteon", 10, 11, 12)), of("256", side("osteon", 11.5, 13, 14)))).isEmpty();
        assertThat(factor(of("256", side("osteon", 10, 11, 12)), of("256", side("osteon", 13, 14, 15))).orElseThrow())
                .isCloseTo(11.0 / 14, within(1e-12));
        assertThat(factor(of("256", side("osteon", 10, 11, 12)), of("256", side("osteon", 5, 6, 7))).orElseThrow())
                .isGreaterThan(1);
        assertThat(factor(of("256", side("osteon", 10)), of("256", side("osteon", 10.9)))).isEmpty();  // one round each
        assertThat(factor(of("256", side("osteon", 10)), of("256", side("osteon", 11.5)))).isPresent();
    }

    @Test
    void besideTheSamePeerABusierMachineIsNoRegression() {
        CaseResult quiet = of("256", side("osteon", 10, 10, 10), side("libtorch", 20, 20, 20));
        assertThat(factor(quiet, of("256", side("osteon", 30, 30, 30), side("libtorch", 60, 61, 59)))).isEmpty();
        assertThat(factor(quiet, of("256", side("osteon", 10, 10, 10), side("libtorch", 12, 12, 12))).orElseThrow())
                .isLessThan(1);
    }

    @Test
    void regressionsAreCountedAndOtherCasesListed() {
        ResultComparison comparison = ResultComparison.of(
                result(of("256", side("osteon", 10, 10)), of("1024", side("osteon", 10, 10)),
                        of("1", side("osteon", 1)), of("2", side("osteon", 1))),
                result(of("256", side("osteon", 20, 20)), of("1024", side("osteon", 5, 5)), of("3", side("osteon", 1)),
                        of("2", Side.failed("osteon", "broken"))), 0.05);
        assertThat(comparison.regressions()).extracting(ResultComparison.Change::name).containsExactly("NtXent 256",
                "NtXent 2");
        assertThat(comparison.text()).containsPattern("SLOWER +NtXent 256 .*×0.50")
                .containsPattern("faster +NtXent 1024 .*×2.00").containsPattern("new +NtXent 3")
                .containsPattern("FAILED +NtXent 2 +broken").containsPattern("not measured +NtXent 1\n")
                .contains("2 regressions in 5 cases");
    }

    @Test
    void otherMachinesAndFilesAreRefusedInOneLine() throws IOException {
        BenchResult here = result(of("256", side("osteon", 1)));
        BenchResult there = new BenchResult(BenchResult.VERSION, "Another", 2, PEAKS, here.cases());
        assertThatThrownBy(() -> ResultComparison.of(here, there, 0.05)).isInstanceOf(UserError.class)
                .hasMessageContaining("Another");
        Path file = folder.resolve("no.json");
        assertThatThrownBy(() -> BenchResult.read(file)).isInstanceOf(UserError.class).hasMessageContaining("no.json");
        Files.writeString(file, "{");
        assertThatThrownBy(() -> BenchResult.read(file)).isInstanceOf(UserError.class);
        Files.writeString(file, "{\"rounds\": 3}");
        assertThatThrownBy(() -> BenchResult.read(file)).isInstanceOf(UserError.class)
                .hasMessageContaining("format");
    }
}
