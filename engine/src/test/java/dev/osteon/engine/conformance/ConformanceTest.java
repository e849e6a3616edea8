package dev.osteon.engine.conformance;

import static org.assertj.core.api.Assertions.assertThat;

import dev.osteon.engine.autograd.Gradients;
import dev.osteon.engine.autograd.Tape;
import dev.osteon.engine.backend.Backends;
import dev.osteon.engine.memory.TensorScope;
import dev.osteon.engine.op.Binary;
import dev.osteon.engine.op.Cast;
import dev.osteon.engine.op.Compare;
import dev.osteon.engine.op.Op;
import dev.osteon.engine.op.Ops;
import dev.osteon.engine.op.Reduce;
import dev.osteon.engine.op.Reshape;
import dev.osteon.engine.op.Unary;
import dev.osteon.engine.tensor.DType;
import dev.osteon.engine.tensor.Device;
import dev.osteon.engine.tensor.Shape;
import dev.osteon.engine.tensor.Tensor;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Every operation, by its samples: gradient, backend against reference, and that nothing is left out or leaks. */
class ConformanceTest {

    private long live;

    @BeforeEach
    void count() {
        live = Tensor.live();
    }

    @AfterEach
    void nothingLeaks() {
        assertThat(Tensor.live()).as("open tensors").isEqualTo(live);
    }

    static List<OpSample> samples() {
        return OpSamples.all();
    }

    static Stream<OpSample> differentiable() {
        return samples().stream().filter(Conformance::hasGradient);
    }

    @ParameterizedTest
    @MethodSource("differentiable")
    void gradient(OpSample sample) {
        Conformance.Outcome outcome = Conformance.gradient(sample);
        assertThat(outcome.passed()).as(sample + ": " + outcome.detail()).isTrue();
    }

    @ParameterizedTest
    @MethodSource("samples")
    void cpuAgreesWithReference(OpSample sample) {
        Conformance.Outcome outcome = Conformance.against(sample, Device.CPU);
        assertThat(outcome.passed()).as(sample + ": " + outcome.detail()).isTrue();
    }

    @Test
    void everyOperationHasSamplesGradientAndKernels() {
        Set<Class<?>> sampled = samples().stream().map(s -> s.op().getClass()).collect(Collectors.toSet());
        Set<Class<?>> checked = differentiable().map(s -> s.op().getClass()).collect(Collectors.toSet());
        for (Class<?> op : Op.class.getPermittedSubclasses()) {
            assertThat(sampled).as("samples of " + op.getSimpleName()).contains(op);
            boolean hasItsOwnTest = op == Cast.class;   // in float64 a cast changes nothing
            if (!hasItsOwnTest && samples().stream().anyMatch(s -> s.op().getClass() == op && s.op()
                    .differentiable())) {
                assertThat(checked).as("gradient checks of " + op.getSimpleName()).contains(op);
            }
            if (op != Reshape.class) {
                Class<? extends Op> type = op.asSubclass(Op.class);
                assertThat(Backends.of(Device.REFERENCE).kernels().has(type)).as("reference " + op).isTrue();
                assertThat(Backends.of(Device.CPU).kernels().has(type)).as("cpu " + op).isTrue();
            }
        }
    }

    @Test
    void everyFunctionHasSamples() {
        EnumSet<Unary.Function> unary = EnumSet.noneOf(Unary.Function.class);
        EnumSet<Binary.Function> binary = EnumSet.noneOf(Binary.Function.class);
        EnumSet<Compare.Relation> relations = EnumSet.noneOf(Compare.Relation.class);
        EnumSet<Reduce.Function> reductions = EnumSet.noneOf(Reduce.Function.class);
        for (OpSample sample : samples()) {
            switch (sample.op()) {
                case Unary u -> unary.add(u.function());
                case Binary b -> binary.add(b.function());
                case Compare c -> relations.add(c.relation());
                case Reduce r -> reductions.add(r.function());
                default -> { }
            }
        }
        assertThat(unary).containsExactlyInAnyOrder(Unary.Function.values());
        assertThat(binary).containsExactlyInAnyOrder(Binary.Function.values());
        assertThat(relations).containsExactlyInAnyOrder(Compare.Relation.values());
        assertThat(reductions).containsExactlyInAnyOrder(Reduce.Function.values());
    }

    @Test
    void aWrongGradientIsNoticed() {
        try (TensorScope scope = TensorScope.open()) {
            Tensor x = Tensor.of(Device.REFERENCE, Shape.of(3), DType.F64, 1, 2, 3);
            var result = dev.osteon.engine.autograd.GradCheck.check(in -> {
                Tensor hidden = Tape.paused(() -> Ops.mul(in.getFirst(), in.getFirst()));   // invisible to the tape
                return Ops.add(in.getFirst(), hidden);
            }, List.of(x), List.of(0));
            assertThat(result.error()).isGreaterThan(0.1);
        }
    }

    @Test
    void castPassesGradientsBackInTheOperandsType() {
        try (TensorScope scope = TensorScope.open()) {
            Tensor x = Tensor.of(Device.CPU, Shape.of(2), 1.5f, -2f);
            try (Tape tape = Tape.watching(x)) {
                Tensor y = Ops.sum(x.to(DType.BF16).to(DType.F32));
                try (Gradients g = tape.gradients(y, List.of(x))) {
                    assertThat(g.of(x).dtype()).isEqualTo(DType.F32);
                    assertThat(g.of(x).toFloats()).containsExactly(1, 1);
                }
            }
        }
    }
}
