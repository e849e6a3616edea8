package dev.osteon.app.verify;

import static org.assertj.core.api.Assertions.assertThat;

import dev.osteon.app.verify.GoldenSet.Result;
import dev.osteon.app.verify.GoldenSet.Verdict;
import dev.osteon.engine.backend.cuda.CudaEmulator;
import dev.osteon.engine.tensor.Tensor;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Every case of the golden set through the CUDA backend. */
class CudaGoldenSetTest {

    @BeforeAll
    static void open() {
        CudaEmulator.backend();
    }

    static Stream<GoldenSetTest.Case> cases() {
        GoldenSet set = GoldenSetTest.set();
        return set.cases().stream().map(entry -> new GoldenSetTest.Case(set, entry, CudaEmulator.DEVICE));
    }

    @ParameterizedTest
    @MethodSource("cases")
    void passes(GoldenSetTest.Case golden) {
        long live = Tensor.live();
        Result result = golden.set().run(golden.entry(), golden.device());
        assertThat(result.verdict()).as(result.toString()).isEqualTo(Verdict.PASSED);
        assertThat(Tensor.live()).isEqualTo(live);
    }
}
