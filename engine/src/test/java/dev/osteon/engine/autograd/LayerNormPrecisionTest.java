package dev.osteon.engine.autograd;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.osteon.engine.dispatch.Dispatcher;
import dev.osteon.engine.memory.TensorScope;
import dev.osteon.engine.op.LayerNorm;
import dev.osteon.engine.op.Ops;
import dev.osteon.engine.tensor.DType;
import dev.osteon.engine.tensor.Device;
import dev.osteon.engine.tensor.Shape;
import dev.osteon.engine.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A norm between products in mixed precision: 16 bits go through it, its weights stay in float32. */
class LayerNormPrecisionTest {

    private static final int N = 12;

    private static Tensor of(Shape shape, double scale, double shift) {
        return Tensor.of(Device.CPU, shape, DType.F32, IntStream.range(0, (int) shape.size())
                .mapToDouble(i -> shift + scale * Math.sin(1.7 * i)).toArray());
    }

    /** Gradients of x, the products' weights and the norm's; {@code types} gets the norm's result's. */
    private static List<double[]> gradients(Optional<DType> low, List<DType> types) {
        List<double[]> all = new ArrayList<>();
        List<Tensor> leaves = List.of(of(Shape.of(7, N), 1, 0), of(Shape.of(N, N), 0.3, 0), of(Shape.of(N), 0.2, 1),
                of(Shape.of(N), 0.2, 0), of(Shape.of(N, N), 0.3, 0));
        try (Tape tape = Tape.watching(leaves)) {
            Tensor[] loss = new Tensor[1];
            Runnable forward = () -> {
                Tensor h = Ops.matmul(leaves.get(0), leaves.get(1));
                Tensor y = Dispatcher.runAll(new LayerNorm(1, 1e-5), List.of(h, leaves.get(2), leaves.get(3)))
                        .getFirst();
                types.add(y.dtype());
                loss[0] = Ops.sum(Ops.matmul(y, leaves.get(4)).mul(of(Shape.of(7, N), 1, 0.5)));
            };
            low.ifPresentOrElse(type -> Dispatcher.autocast(type, forward), forward);
            try (Gradients gradients = tape.gradients(loss[0], leaves)) {
                leaves.forEach(leaf -> all.add(gradients.of(leaf).toDoubles()));
            }
        }
        return all;
    }

    @ParameterizedTest
    @ValueSource(strings = {"BF16", "F16"})
    void gradientsAreThoseOfFloat32UpToTheTypesRounding(DType low) {
        try (TensorScope _ = TensorScope.open()) {
            List<DType> types = new ArrayList<>();
            List<double[]> exact = gradients(Optional.empty(), types);
            List<double[]> mixed = gradients(Optional.of(low), types);
            assertThat(types).containsExactly(DType.F32, low);
            for (int k = 0; k < exact.size(); k++) {
                double largest = 0;
                for (double value : exact.get(k)) {
                    largest = Math.max(largest, Math.abs(value));
                }
                assertThat(mixed.get(k)).as("gradient %d", k).containsExactly(exact.get(k), within(0.03 * largest));
            }
        }
    }
}
