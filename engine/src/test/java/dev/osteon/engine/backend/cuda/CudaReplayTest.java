package dev.osteon.engine.backend.cuda;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.osteon.engine.autograd.Gradients;
import dev.osteon.engine.autograd.Tape;
import dev.osteon.engine.backend.Recording;
import dev.osteon.engine.dispatch.Dispatcher;
import dev.osteon.engine.dispatch.OpListener;
import dev.osteon.engine.dispatch.Replay;
import dev.osteon.engine.memory.CachingAllocator;
import dev.osteon.engine.memory.MemoryReserve;
import dev.osteon.engine.memory.TensorScope;
import dev.osteon.engine.op.Activation;
import dev.osteon.engine.op.BatchNormTrain;
import dev.osteon.engine.op.Conv2d;
import dev.osteon.engine.op.LarcStep;
import dev.osteon.engine.op.Ops;
import dev.osteon.engine.op.StepOperands;
import dev.osteon.engine.op.Window;
import dev.osteon.engine.tensor.DType;
import dev.osteon.engine.tensor.Layout;
import dev.osteon.engine.tensor.Shape;
import dev.osteon.engine.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;
import java.util.stream.DoubleStream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** Steps that are recorded and queued as a whole give the bits of those that run operation by operation. */
class CudaReplayTest {

    private static final int STEPS = 7;
    private static final String CHANGES = "is given is not the same in every step";
    private static CudaBackend backend;

    @BeforeAll
    static void open() {
        backend = CudaEmulator.backend();
    }

    /** A small network with its momentum: convolution, batch-norm and ReLU, a product, LARC. */
    private static final class Net implements AutoCloseable {

        private final TensorScope scope = TensorScope.open();
        private final List<Tensor> parameters = List.of(ramp(4, 3, 3, 3), ramp(4), ramp(4), ramp(4, 5));
        private final List<Tensor> momentum = parameters.stream()
                .map(p -> Ops.full(CudaEmulator.DEVICE, p.shape(), DType.F32, 0)).toList();

        /** Inputs: images [B, 3, 6, 6] and the learning rate; the loss. */
        Tensor step(List<Tensor> inputs) {
            try (TensorScope inner = TensorScope.open(); Tape tape = Tape.watching(parameters)) {
                Tensor x = inputs.getFirst().to(Layout.NHWC);
                Tensor h = Dispatcher.run(new Conv2d(Window.ONE, Window.ONE, Window.ONE, 1), x, parameters.get(0));
                Tensor y = Dispatcher.runAll(new BatchNormTrain(1e-5, Activation.RELU),
                        List.of(h, parameters.get(1), parameters.get(2))).getFirst();
                Tensor pooled = Ops.reshape(Ops.mean(y, 2, 3), inputs.getFirst().dim(0), 4);
                Tensor bias = Tensor.of(CudaEmulator.DEVICE, Shape.of(5), 0.1f, 0.2f, 0.3f, 0.4f, 0.5f);
                Tensor z = Ops.matmul(pooled, parameters.get(3)).add(bias);
                Tensor loss = Ops.mean(z.mul(z));
                try (Gradients gradients = tape.gradients(loss, parameters)) {
                    List<Tensor> threes = new ArrayList<>();
                    for (int i = 0; i < parameters.size(); i++) {
                        threes.addAll(List.of(parameters.get(i), gradients.of(parameters.get(i)), momentum.get(i)));
                    }
                    Dispatcher.runAll(new LarcStep(0.9, 1e-4, 0.02, 1e-8, LarcStep.Mode.CLIP),
                            new StepOperands(threes, inputs.get(1), Optional.empty()).inOrder());
                }
                return inner.keep(loss);
            }
        }

        double[] state() {
            List<Double> all = new ArrayList<>();
            for (List<Tensor> tensors : List.of(parameters, momentum)) {
                for (Tensor tensor : tensors) {
                    for (double value : tensor.toDoubles()) {
                        all.add(value);
                    }
                }
            }
            return all.stream().mapToDouble(v -> v).toArray();
        }

        @Override
        public void close() {
            scope.close();
        }
    }

    private static Tensor ramp(int... dims) {
        Shape shape = Shape.of(dims);
        float[] values = new float[Math.toIntExact(shape.size())];
        for (int i = 0; i < values.length; i++) {
            values[i] = (float) Math.sin(1 + 0.7 * i);
        }
        return Tensor.of(CudaEmulator.DEVICE, shape, values);
    }

    private static List<Tensor> inputs(int step, int batch) {
        return List.of(ramp(batch, 3, 6, 6).add(0.1 * step),
                Tensor.of(CudaEmulator.DEVICE, Shape.of(1), 0.1f / (step + 1)));
    }

    @Test
    void aStepUnderAutocastIsNoRecordingOfOneWithout() {
        try (TensorScope scope = TensorScope.open(); Replay replay = Replay.on(CudaEmulator.DEVICE)) {
            List<Tensor> inputs = List.of(ramp(5, 5));
            Function<List<Tensor>, Tensor> product = in -> Ops.matmul(in.getFirst(), in.getFirst()).to(DType.F32);
            float[] full = product.apply(inputs).toFloats();
            for (int i = 0; i < STEPS; i++) {
                assertThat(replay.run("product", inputs, product).toFloats()).isEqualTo(full);
            }
            assertThat(replay.isRecorded()).isTrue();
            Dispatcher.autocast(DType.BF16, () -> {
                float[] low = product.apply(inputs).toFloats();
                assertThat(low).isNotEqualTo(full);
                for (int i = 0; i < STEPS; i++) {
                    assertThat(replay.run("product", inputs, product).toFloats()).isEqualTo(low);
                }
            });
            assertThat(replay.isRecorded()).isTrue();
        }
    }

    /** Losses of the steps, then the network's state. */
    private static double[] trained(Replay replay, Net net, Function<List<Tensor>, Tensor> step) {
        return trained(net, given -> replay.run("step", given, step));
    }

    private static double[] eager() {
        try (Net net = new Net()) {
            return trained(net, net::step);
        }
    }

    private static double[] trained(Net net, Function<List<Tensor>, Tensor> step) {
        DoubleStream.Builder losses = DoubleStream.builder();
        for (int i = 0; i < STEPS; i++) {
            try (TensorScope scope = TensorScope.open()) {
                losses.add(step.apply(inputs(i, 2)).item());
            }
        }
        return DoubleStream.concat(losses.build(), DoubleStream.of(net.state())).toArray();
    }

    @Test
    void theBitsAreThoseOfSingleOperations() {
        try (Net net = new Net(); Replay replay = Replay.on(CudaEmulator.DEVICE)) {
            assertThat(trained(replay, net, net::step)).containsExactly(eager());
            assertThat(replay.isRecorded()).isTrue();
            assertThat(replay.way().orElseThrow()).matches("recorded, \\d\\d+ kernels and copies queued as a whole");
        }
    }

    @Test
    void nothingIsLeftBehind() {
        eager();                                       // the optimiser's table of these tensors is kept
        long live = Tensor.live();
        long active = backend.allocator().stats().active();
        try (Net net = new Net(); Replay replay = Replay.on(CudaEmulator.DEVICE)) {
            trained(replay, net, net::step);
            assertThat(backend.allocator().stats().active()).isGreaterThan(active);
        }
        assertThat(Tensor.live()).isEqualTo(live);
        assertThat(backend.allocator().stats().active()).isEqualTo(active);
    }

    /** Memory of others, between steps, is not that of the recording, in whatever sizes they ask for it. */
    @Test
    void othersMemoryIsLeftAlone() {
        try (Net net = new Net(); Replay replay = Replay.on(CudaEmulator.DEVICE);
                TensorScope scope = TensorScope.open()) {
            List<Tensor> others = new ArrayList<>();
            double[] trained = trained(replay, net, net::step);
            for (int i = 0; i < 20; i++) {
                others.add(Ops.full(CudaEmulator.DEVICE, Shape.of(1 << i % 12), DType.F32, i));
            }
            replay.run("step", inputs(0, 2), net::step);
            for (int i = 0; i < 20; i++) {
                assertThat(others.get(i).toDoubles()).containsOnly(i);
            }
            assertThat(replay.isRecorded()).isTrue();
            assertThat(trained).containsExactly(eager());
        }
    }

    @Test
    void theSameWithEachTensorABlockOfItsOwn() {
        backend.allocator().setBlocks(CachingAllocator.Blocks.EXACT);
        try (Net net = new Net(); Replay replay = Replay.on(CudaEmulator.DEVICE)) {
            assertThat(trained(replay, net, net::step)).containsExactly(eager());
            assertThat(replay.isRecorded()).isTrue();
        } finally {
            backend.allocator().setBlocks(CachingAllocator.Blocks.REUSED);
        }
    }

    @Test
    void aStepThatReadsResultsRunsOperationByOperation() {
        try (Net net = new Net(); Replay replay = Replay.on(CudaEmulator.DEVICE)) {
            double[] trained = trained(replay, net, given -> {
                Tensor loss = net.step(given);
                assertThat(loss.item()).isPositive();
                return loss;
            });
            assertThat(trained).containsExactly(eager());
            assertThat(replay.isRecorded()).isFalse();
            assertThat(replay.way()).contains("operation by operation: the step reads results on the host");
        }
    }

    @Test
    void aNumberOfTheHostsThatChangesIsNoticed() {
        int[] calls = {0};
        try (Net net = new Net(); Replay replay = Replay.on(CudaEmulator.DEVICE)) {
            double[] trained = trained(replay, net, given -> net.step(given).mul(++calls[0]));
            assertThat(replay.isRecorded()).isFalse();
            assertThat(replay.way().orElseThrow()).contains("affine").endsWith(CHANGES);
            double[] expected = eager();
            // the recording of the third step was thrown away, and the step run once more
            for (int i = 0; i < STEPS; i++) {
                expected[i] = (float) (expected[i] * (float) (i < 2 ? i + 1 : i + 2));
            }
            assertThat(trained).containsExactly(expected);
        }
    }

    @Test
    void anUploadThatChangesIsNoticed() {
        int[] calls = {0};
        try (Net net = new Net(); Replay replay = Replay.on(CudaEmulator.DEVICE)) {
            trained(replay, net, given -> net.step(given)
                    .add(Tensor.of(CudaEmulator.DEVICE, Shape.of(1), calls[0]++).to(DType.F32)));
            assertThat(replay.isRecorded()).isFalse();
            assertThat(replay.way().orElseThrow()).contains("upload").endsWith(CHANGES);
        }
    }

    @Test
    void anotherKindOfStepIsRecordedAnew() {
        try (Net net = new Net(); Net same = new Net(); Replay replay = Replay.on(CudaEmulator.DEVICE)) {
            int[] batches = {2, 2, 2, 2, 3, 3, 3, 3, 2, 2};
            for (int i = 0; i < batches.length; i++) {
                try (TensorScope scope = TensorScope.open()) {
                    double loss = replay.run("step", inputs(i, batches[i]), net::step).item();
                    assertThat(loss).as("step %d", i).isEqualTo(same.step(inputs(i, batches[i])).item());
                }
                assertThat(replay.isRecorded()).as("step %d", i).isEqualTo(i != 0 && i != 4 && i != 8);
            }
            assertThat(net.state()).containsExactly(same.state());
        }
    }

    /** Such a tensor must not be overwritten by later steps, and what it first contained has been computed. */
    @Test
    void aTensorThatOutlivesItsStepIsNotOverwritten() {
        List<Tensor> kept = new ArrayList<>();
        List<Double> losses = new ArrayList<>();
        try (Net net = new Net(); Replay replay = Replay.on(CudaEmulator.DEVICE)) {
            for (int i = 0; i < STEPS; i++) {
                try (TensorScope scope = TensorScope.open()) {
                    losses.add(replay.run("step", inputs(i, 2), given -> {
                        Tensor loss = net.step(given);
                        kept.add(TensorScope.detach(loss.mul(2)));
                        return loss;
                    }).item());
                }
            }
            assertThat(replay.isRecorded()).isFalse();
            assertThat(replay.way()).contains("operation by operation: a step leaves more behind than its result");
            for (int i = 0; i < STEPS; i++) {
                assertThat(kept.get(i).item()).isEqualTo(2 * losses.get(i));
            }
        } finally {
            kept.forEach(Tensor::close);
        }
    }

    /** The recording is given up then, and the step done operation by operation: in place of it, not as well. */
    @Test
    void aStepWithNoRoomForItsResultIsDoneOnce() {
        try (Net net = new Net(); Net same = new Net(); Replay replay = Replay.on(CudaEmulator.DEVICE)) {
            for (int i = 0; i < STEPS; i++) {
                try (TensorScope scope = TensorScope.open()) {
                    List<Tensor> given = inputs(i, 2);
                    if (i == STEPS - 1) {
                        assertThat(replay.isRecorded()).isTrue();
                        backend.allocator().trim();
                        backend.allocator().setLimit(backend.allocator().stats().active());
                    }
                    replay.run("step", given, in -> large(net.step(in)));
                } finally {
                    backend.allocator().setLimit(Long.MAX_VALUE);
                }
            }
            assertThat(replay.isRecorded()).isFalse();
            for (int i = 0; i < STEPS; i++) {
                try (TensorScope scope = TensorScope.open()) {
                    same.step(inputs(i, 2));
                }
            }
            assertThat(net.state()).containsExactly(same.state());
        }
    }

    /** Between steps, as an evaluation between epochs: the recording's memory is the last resort. */
    @Test
    void otherWorkMayHaveTheRecordingsMemory() {
        try (Net net = new Net(); Net same = new Net(); Replay replay = Replay.on(CudaEmulator.DEVICE)) {
            for (int i = 0; i < STEPS; i++) {
                try (TensorScope scope = TensorScope.open()) {
                    double loss = replay.run("step", inputs(i, 2), in -> Ops.mean(large(net.step(in)))).item();
                    assertThat(loss).isEqualTo(Ops.mean(large(same.step(inputs(i, 2)))).item());
                    backend.allocator().trim();
                    if (i == 3) {
                        assertThat(replay.isRecorded()).isTrue();
                        backend.allocator().setLimit(backend.allocator().stats().active() + (1 << 18));
                        Tensor other = Ops.full(CudaEmulator.DEVICE, Shape.of(1 << 18), DType.F32, 5);
                        assertThat(replay.isRecorded()).isFalse();
                        assertThat(other.toFloats()).containsOnly(5);
                    }
                } finally {
                    backend.allocator().setLimit(Long.MAX_VALUE);
                }
            }
            assertThat(replay.isRecorded()).isTrue();
            assertThat(net.state()).containsExactly(same.state());
        }
    }

    private static Tensor large(Tensor loss) {
        return loss.add(Ops.full(CudaEmulator.DEVICE, Shape.of(1 << 18), DType.F32, 0));
    }

    @Test
    void whoListensHearsEachOperation() {
        int[] heard = {0};
        OpListener listener = (op, in, out, nanos) -> heard[0]++;
        try (Net net = new Net(); Replay replay = Replay.on(CudaEmulator.DEVICE);
                Dispatcher.Registration _ = Dispatcher.listen(listener)) {
            assertThat(trained(replay, net, net::step)).containsExactly(eager());
            assertThat(replay.way()).contains("operation by operation: somebody listens to each operation");
            assertThat(heard[0]).isGreaterThan(2 * STEPS * 10);
        }
    }

    @Test
    void memoryThatIsFreedUnderARecordingIsNoticed() {
        assumeTrue(CudaEmulator.isEmulated(), "a GPU does not notice");
        MemoryReserve reserve = backend.allocator().reserve(() -> { });
        backend.allocator().setBlocks(CachingAllocator.Blocks.EXACT);   // otherwise it stays with its segment
        try (TensorScope scope = TensorScope.open()) {
            Tensor x = ramp(3, 5);
            Recording[] recording = new Recording[1];
            backend.allocator().within(reserve, () -> recording[0] = backend.recorder().orElseThrow().record(() -> {
                try (TensorScope inner = TensorScope.open()) {
                    x.mul(2).add(1);
                }
            }));
            recording[0].queue();
            backend.synchronize();
            reserve.close();
            assertThatThrownBy(recording[0]::queue).hasMessageContaining("freed since it was recorded");
            recording[0].close();
        } finally {
            backend.allocator().setBlocks(CachingAllocator.Blocks.REUSED);
        }
    }
}
