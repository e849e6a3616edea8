package dev.osteon.engine.backend.reference;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.DynamicTest.dynamicTest;

import dev.osteon.engine.backend.Backends;
import dev.osteon.engine.conformance.Conformance;
import dev.osteon.engine.conformance.OpSamples;
import dev.osteon.engine.op.Op;
import dev.osteon.engine.op.Reshape;
import dev.osteon.engine.tensor.Device;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;

/** Every operation has a kernel, a gradient that agrees with differences, and float32 results like its float64 ones. */
class ConformanceTest {

    @Test
    void everyOperationHasAKernel() {
        for (Class<?> op : Op.class.getPermittedSubclasses()) {
            boolean view = op == Reshape.class;
            assertThat(Backends.of(Device.REFERENCE).kernels().has(op.asSubclass(Op.class))).as(op.getSimpleName())
                    .isEqualTo(!view);
        }
    }

    @TestFactory
    Stream<DynamicTest> gradients() {
        return OpSamples.all().stream().filter(Conformance::hasGradient).map(sample ->
                dynamicTest(sample.name(), () -> check(Conformance.gradient(sample))));
    }

    @TestFactory
    Stream<DynamicTest> float32() {
        return OpSamples.all().stream().map(sample ->
                dynamicTest(sample.name(), () -> check(Conformance.against(sample, Device.REFERENCE))));
    }

    private static void check(Conformance.Outcome outcome) {
        assertThat(outcome.passed()).as("%s: %s", outcome.sample(), outcome.detail()).isTrue();
    }
}
