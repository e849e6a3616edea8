package dev.osteon.engine.autograd;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.osteon.engine.EngineException;
import dev.osteon.engine.backend.Backends;
import dev.osteon.engine.dispatch.Dispatcher;
import dev.osteon.engine.memory.CachingAllocator;
import dev.osteon.engine.memory.TensorScope;
import dev.osteon.engine.op.Ops;
import dev.osteon.engine.op.RunningStatistics;
import dev.osteon.engine.tensor.DType;
import dev.osteon.engine.tensor.Device;
import dev.osteon.engine.tensor.Shape;
import dev.osteon.engine.tensor.Tensor;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Function;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class RecomputationTest {

    private static final int ROWS = 4;
    private static final long MIB = 1 << 20;
    private final long before = Tensor.live();

    @AfterEach
    void nothingLeaks() {
        assertThat(Tensor.live()).isEqualTo(before);
    }

    /** How a function of the tests below is run: recomputed, or as it is. */
    private interface Way {
        List<Tensor> run(Function<List<Tensor>, List<Tensor>> function, List<Tensor> operands);
    }

    private static final Way KEPT = Function::apply;
    private static final Way RECOMPUTED = Recomputation::of;

    private static Tensor numbers(Device device, DType dtype, int seed, int... dims) {
        Shape shape = Shape.of(dims);
        double[] values = new double[Math.toIntExact(shape.size())];
        for (int i = 0; i < values.length; i++) {
            values[i] = Math.sin(seed * 31 + i * 0.7);
        }
        return Tensor.of(device, shape, dtype, values);
    }

    /**
     * Of x, w and v: two functions one after the other, the second with another inside. The first has two operands,
     * reads v beside them and gives back three results, of which one is an operand; x is read in each, and outside.
     */
    private static Tensor network(Way way, Tensor x, Tensor w, Tensor v) {
        List<Tensor> first = way.run(given -> {
            Tensor h = Ops.tanh(Ops.linear(given.get(0), given.get(1)));
            return List.of(Ops.mul(h, v), Ops.exp(Ops.mul(h, given.get(0))), given.get(0));
        }, List.of(x, w));
        List<Tensor> second = way.run(given -> {
            Tensor inner = way.run(g -> List.of(Ops.sigmoid(Ops.add(g.getFirst(), Ops.mul(x, v)))),
                    List.of(Ops.linear(given.getFirst(), w))).getFirst();
            return List.of(Ops.mul(inner, inner), Ops.sum(inner));
        }, List.of(first.get(0), first.get(1)));
        return Ops.add(Ops.mul(second.getFirst(), first.get(2)), Ops.mul(first.get(1), x));
    }

    private static List<double[]> gradients(Way way, Device device, DType dtype) {
        try (TensorScope scope = TensorScope.open()) {
            Tensor x = numbers(device, dtype, 1, ROWS, ROWS);
            Tensor w = numbers(device, dtype, 2, ROWS, ROWS);
            Tensor v = numbers(device, dtype, 3, ROWS);
            List<Tensor> watched = List.of(x, w, v);
            try (Tape tape = Tape.watching(watched)) {
                Tensor y = network(way, x, w, v);
                try (Gradients gradients = tape.gradients(Ops.sum(y), watched)) {
                    List<double[]> values = new ArrayList<>(List.of(y.toDoubles()));
                    watched.forEach(t -> values.add(gradients.of(t).toDoubles()));
                    return values;
                }
            }
        }
    }

    @Test
    void gradientsAreThoseOfFiniteDifferences() {
        try (TensorScope scope = TensorScope.open()) {
            List<Tensor> operands = List.of(numbers(Device.REFERENCE, DType.F64, 1, ROWS, ROWS),
                    numbers(Device.REFERENCE, DType.F64, 2, ROWS, ROWS), numbers(Device.REFERENCE, DType.F64, 3, ROWS));
            GradCheck.Result result = GradCheck.check(t -> network(RECOMPUTED, t.get(0), t.get(1), t.get(2)), operands,
                    List.of(0, 1, 2));
            assertThat(result.error()).as("%s", result).isLessThan(1e-7);
        }
    }

    @Test
    void gradientsAreThoseOfAKeptForwardPassToTheBit() {
        for (Device device : List.of(Device.REFERENCE, Device.CPU)) {
            assertSame(gradients(RECOMPUTED, device, DType.F32), gradients(KEPT, device, DType.F32));
        }
    }

    /** Autocast is off in a backward pass, and on again while the forward pass is repeated in it. */
    @Test
    void bothRunsAreUnderTheAutocastOfTheFirst() {
        List<List<double[]>> both = new ArrayList<>();
        for (Way way : List.of(KEPT, RECOMPUTED)) {
            Dispatcher.autocast(DType.BF16, () -> both.add(gradients(way, Device.CPU, DType.F32)));
        }
        assertSame(both.get(1), both.get(0));
        assertThat(both.get(0).getFirst()).isNotEqualTo(gradients(KEPT, Device.CPU, DType.F32).getFirst());
        assertThat(Dispatcher.autocast()).isEmpty();
    }

    private static void assertSame(List<double[]> some, List<double[]> others) {
        assertThat(some).hasSameSizeAs(others);
        for (int i = 0; i < some.size(); i++) {
            assertThat(some.get(i)).as("%d", i).isEqualTo(others.get(i));
        }
    }

    /** Batch-norm's running statistics, for instance. */
    @Test
    void whatIsChangedInPlaceIsChangedOnce() {
        try (TensorScope scope = TensorScope.open()) {
            Tensor x = numbers(Device.REFERENCE, DType.F64, 1, 2);
            Tensor mean = Tensor.of(Device.REFERENCE, Shape.of(2), DType.F64, 0, 0);
            Tensor variance = Tensor.of(Device.REFERENCE, Shape.of(2), DType.F64, 1, 1);
            Tensor batch = Tensor.of(Device.REFERENCE, Shape.of(2), DType.F64, 4, 8);
            AtomicInteger runs = new AtomicInteger();
            try (Tape tape = Tape.watching(x)) {
                Tensor y = Recomputation.of(given -> {
                    runs.incrementAndGet();
                    Dispatcher.runAll(new RunningStatistics(0.5, 2), List.of(mean, variance, batch, batch));
                    return Ops.exp(given);
                }, x);
                tape.gradients(Ops.sum(y), List.of(x)).close();
            }
            assertThat(runs).hasValue(2);
            assertThat(mean.toDoubles()).containsExactly(2, 4);
            assertThat(Recomputation.isUnderWay()).isFalse();
        }
    }

    @Test
    void withoutATapeOrATrackedTensorTheFunctionIsRunOnce() {
        try (TensorScope scope = TensorScope.open()) {
            Tensor x = numbers(Device.REFERENCE, DType.F64, 1, 2);
            Tensor other = numbers(Device.REFERENCE, DType.F64, 2, 2);
            AtomicInteger runs = new AtomicInteger();
            UnaryOperator<Tensor> counted = given -> {
                runs.incrementAndGet();
                return Ops.exp(given);
            };
            long live = Tensor.live();
            Recomputation.of(counted, x);
            try (Tape tape = Tape.watching(other)) {
                Tensor y = Recomputation.of(counted, x);
                assertThat(Tensor.live()).as("the results and nothing else").isEqualTo(live + 2);
                tape.gradients(Ops.sum(Ops.mul(y, other)), List.of(other)).close();
            }
            assertThat(runs).hasValue(2);
        }
    }

    /** Each function makes eight tensors of 1 MiB whose values its gradients read, and there are eight functions. */
    @Test
    void theActivationsOfOneFunctionAreThereAtATime() {
        assertThat(peakMib(KEPT)).isGreaterThanOrEqualTo(64);
        assertThat(peakMib(RECOMPUTED)).isLessThanOrEqualTo(8 + 8 + 4);
    }

    private static long peakMib(Way way) {
        CachingAllocator allocator = Backends.of(Device.CPU).allocator();
        try (TensorScope scope = TensorScope.open()) {
            Tensor x = numbers(Device.CPU, DType.F32, 1, 512, 512);
            long active = allocator.stats().active();
            allocator.resetPeak();
            try (Tape tape = Tape.watching(x)) {
                Tensor y = x;
                for (int function = 0; function < 8; function++) {
                    Tensor last = y;
                    try (TensorScope inner = TensorScope.open()) {
                        y = inner.keep(way.run(given -> List.of(eight(given.getFirst())), List.of(last)).getFirst());
                    }
                    if (last != x) {
                        last.close();
                    }
                }
                tape.gradients(Ops.sum(y), List.of(x)).close();
            }
            return (allocator.stats().peak() - active) / MIB;
        }
    }

    private static Tensor eight(Tensor x) {
        Tensor h = x;
        for (int i = 0; i < 8; i++) {
            h = Ops.tanh(h);
        }
        return h;
    }

    @Test
    void aFunctionThatDoesSomethingElseTheSecondTimeIsRefused() {
        try (TensorScope scope = TensorScope.open()) {
            Tensor x = numbers(Device.REFERENCE, DType.F64, 1, 2);
            AtomicInteger runs = new AtomicInteger();
            try (Tape tape = Tape.watching(x)) {
                List<Tensor> results = Recomputation.of(given -> {
                    Tensor y = Ops.exp(given.getFirst());
                    return runs.incrementAndGet() == 1 ? List.of(y) : List.of(y, Ops.exp(y));
                }, List.of(x));
                assertThatThrownBy(() -> tape.gradients(Ops.sum(results.getFirst()), List.of(x)))
                        .isInstanceOf(EngineException.class).hasMessageContaining("2 results in the backward pass")
                        .hasMessageContaining("does the same each time");
            }
        }
    }

    @Test
    void aFunctionThatFailsTheSecondTimeLeavesNothingBehind() {
        try (TensorScope scope = TensorScope.open()) {
            Tensor x = numbers(Device.REFERENCE, DType.F64, 1, 2);
            AtomicInteger runs = new AtomicInteger();
            try (Tape tape = Tape.watching(x)) {
                Tensor y = Recomputation.of(given -> {
                    Tensor h = Ops.exp(given);
                    if (runs.incrementAndGet() == 2) {
                        throw new EngineException("the second time");
                    }
                    return h;
                }, x);
                assertThatThrownBy(() -> tape.gradients(Ops.sum(y), List.of(x))).hasMessage("the second time");
            }
            try (Tape tape = Tape.watching(x)) {
                double[] gradient = gradient(tape, Ops.exp(x), x);
                assertThat(gradient).isEqualTo(Arrays.stream(x.toDoubles()).map(Math::exp).toArray());
            }
        }
    }

    /** A gradient that is asked for at a result stays there, and goes on. */
    @Test
    void aResultMayBeWanted() {
        try (TensorScope scope = TensorScope.open()) {
            Tensor x = numbers(Device.REFERENCE, DType.F64, 1, 2);
            try (Tape tape = Tape.watching(x)) {
                Tensor y = Recomputation.of(Ops::exp, x);
                try (Gradients gradients = tape.gradients(Ops.sum(Ops.mul(y, y)), List.of(x, y))) {
                    double[] value = y.toDoubles();
                    assertThat(gradients.of(y).toDoubles()).isEqualTo(Arrays.stream(value).map(v -> v + v).toArray());
                    assertThat(gradients.of(x).toDoubles())
                            .isEqualTo(Arrays.stream(value).map(v -> (v + v) * v).toArray());
                }
            }
        }
    }

    private static double[] gradient(Tape tape, Tensor y, Tensor x) {
        try (Gradients gradients = tape.gradients(Ops.sum(y), List.of(x))) {
            return gradients.of(x).toDoubles();
        }
    }
}
