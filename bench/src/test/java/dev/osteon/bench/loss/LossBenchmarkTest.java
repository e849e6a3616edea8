package dev.osteon.bench.loss;

import static org.assertj.core.api.Assertions.assertThat;

import dev.osteon.bench.ComparedBenchmark;
import dev.osteon.bench.Work;
import dev.osteon.bench.Work.Outcome;
import dev.osteon.engine.tensor.Device;
import dev.osteon.engine.tensor.Tensor;
import java.io.IOException;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Our side of every benchmark runs, gives the same again, and leaves nothing open. */
class LossBenchmarkTest {

    private static final int N = 12;

    private static List<LossBenchmark> benchmarks() {
        NtXentBenchmark ntXent = new NtXentBenchmark();
        SupConBenchmark supCon = new SupConBenchmark();
        SwavBenchmark swav = new SwavBenchmark();
        SinkhornBenchmark sinkhorn = new SinkhornBenchmark();
        VicRegBenchmark vicReg = new VicRegBenchmark();
        ntXent.n = N;
        supCon.n = N;
        swav.n = N;
        sinkhorn.n = N;
        vicReg.n = N;
        return List.of(ntXent, supCon, swav, sinkhorn, vicReg, new LarcBenchmark());
    }

    @Test
    void oursRun() throws IOException {
        for (LossBenchmark benchmark : benchmarks()) {
            long live = Tensor.live();
            benchmark.implementation = "osteon";
            benchmark.setUp();
            benchmark.run(new ComparedBenchmark.Rates());
            benchmark.tearDown();
            assertThat(Tensor.live()).as(benchmark.getClass().getSimpleName()).isEqualTo(live);
        }
    }

    @Test
    void whatRunsIsTheLoss() {
        OsteonLosses ours = new OsteonLosses(Device.CPU);
        try (Work ntXent = ours.ntXent(N); Work supCon = ours.supCon(N); Work swav = ours.swav(N);
                Work codes = ours.sinkhorn(N); Work vicReg = ours.vicReg(N)) {
            for (Work work : List.of(ntXent, supCon, swav, vicReg)) {
                Outcome outcome = work.outcome().orElseThrow();
                assertThat(outcome.value()).isPositive().isFinite();
                assertThat(outcome.norm()).isPositive().isFinite();
                assertThat(work.outcome()).contains(outcome);
            }
            // a sample's code sums to 1: its norm is between that of a spread-out and of a hard assignment
            assertThat(codes.outcome().orElseThrow().norm()).isBetween(
                    Math.sqrt((double) N / LossSuite.PROTOTYPES), Math.sqrt(N));
        }
    }

    @Test
    void disagreementIsNoticed() {
        assertThat(new Outcome(1, 1).agreesWith(new Outcome(1.00005, 1.0005))).isTrue();
        assertThat(new Outcome(1, 1).agreesWith(new Outcome(1.001, 1))).isFalse();
        assertThat(new Outcome(1, 1).agreesWith(new Outcome(1, 1.01))).isFalse();
        assertThat(new Outcome(1, 1).agreesWith(new Outcome(Double.NaN, 1))).isFalse();
    }
}
