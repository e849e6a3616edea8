package dev.osteon.ssl.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.osteon.engine.autograd.Gradients;
import dev.osteon.engine.autograd.Tape;
import dev.osteon.engine.memory.TensorScope;
import dev.osteon.engine.op.Ops;
import dev.osteon.engine.random.Philox;
import dev.osteon.engine.tensor.DType;
import dev.osteon.engine.tensor.Device;
import dev.osteon.engine.tensor.Shape;
import dev.osteon.engine.tensor.Tensor;
import dev.osteon.models.EncoderWithHead;
import dev.osteon.models.ProjectionHead;
import dev.osteon.models.ResNetSpec;
import dev.osteon.models.Stem;
import dev.osteon.nn.Initializer;
import dev.osteon.nn.Mode;
import dev.osteon.nn.Parameter;
import dev.osteon.nn.TrainingPrecision;
import dev.osteon.ssl.loss.Batch;
import dev.osteon.ssl.loss.MultiCropLoss.Reduction;
import dev.osteon.ssl.loss.NtXent;
import dev.osteon.ssl.loss.SslMethod;
import dev.osteon.ssl.loss.SupCon;
import dev.osteon.ssl.loss.Supervised;
import dev.osteon.ssl.loss.Swav;
import dev.osteon.ssl.loss.VicReg;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Supplier;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

class MicroBatchesTest {

    private static final Device DEVICE = Device.REFERENCE;
    private static final List<Integer> SIZES = List.of(3, 2, 2);
    private static final int DIM = 2;

    record Case(String name, Supplier<SslMethod> method) {

        @Override
        public String toString() {
            return name;
        }
    }

    static Stream<Case> methods() {
        return Stream.of(
                new Case("simclr", () -> new NtXent(0.2).overMultiCrop(Reduction.SUM)),
                new Case("supcon", () -> new SupCon(0.2, 0.07, SupCon.Anchors.ALL).overMultiCrop(3, Reduction.MEAN)),
                new Case("swav", () -> new Swav(Initializer.on(DEVICE, DType.F64, 9), DIM, 7,
                        new Swav.Settings(5, 0.2, 0.3, 3, 0, 7, 0), Reduction.MEAN)),
                new Case("vicreg", () -> VicReg.OFFICIAL.overMultiCrop(Reduction.SUM)),
                new Case("supervised", () -> new Supervised()));
    }

    /** As it is defined: every part through the network by itself, all on one tape, one loss over all. */
    private static Map<String, double[]> atOnce(EncoderWithHead network, SslMethod method,
            List<MicroBatches.Part> parts, Tensor labels) {
        method.beforeForward();
        PretextModel model = new PretextModel(network, method);
        try (Tape tape = Tape.watching(model.trainable())) {
            List<List<Tensor>> rows = new ArrayList<>();
            for (MicroBatches.Part part : parts) {
                Tensor all = network.forward(part.views());
                for (int v = 0; v < all.dim(0) / part.samples(); v++) {
                    if (rows.size() <= v) {
                        rows.add(new ArrayList<>());
                    }
                    rows.get(v).add(Ops.slice(all, 0, v * part.samples(), part.samples()));
                }
            }
            List<Tensor> views = rows.stream().map(r -> Ops.concat(0, r)).toList();
            Tensor loss = method.loss(new Batch(views, Optional.of(labels), Batch.Moment.START));
            try (Gradients gradients = tape.gradients(loss, model.trainable())) {
                return values(model, gradients, loss.item());
            }
        }
    }

    private static Map<String, double[]> values(PretextModel model, Gradients gradients, double loss) {
        Map<String, double[]> values = new LinkedHashMap<>(Map.of("loss", new double[] {loss}));
        model.parameters().forEach((name, p) -> values.put(name, gradients.of(p.tensor()).toDoubles()));
        for (Map.Entry<String, Parameter> buffer : model.buffers().entrySet()) {
            values.put(buffer.getKey(), buffer.getValue().values());
        }
        return values;
    }

    private static EncoderWithHead network() {
        ResNetSpec spec = ResNetSpec.named("resnet18").withInputChannels(1).withWidth(2)
                .withStem(Stem.SMALL_STRIDE_2);
        EncoderWithHead network = new EncoderWithHead(Initializer.on(DEVICE, DType.F64, 4), spec,
                ProjectionHead.Settings.swav(spec.features(), 6, DIM));
        network.mode(Mode.TRAIN);
        return network;
    }

    private static Tensor images(Philox random, int rows, int size) {
        double[] values = new double[rows * size * size];
        Arrays.setAll(values, i -> random.nextGaussian());
        return Tensor.of(DEVICE, Shape.of(rows, 1, size, size), DType.F64, values);
    }

    @ParameterizedTest
    @MethodSource("methods")
    void lossGradientsAndBuffersAreThoseOfTheBatchAtOnce(Case chosen) {
        long live = Tensor.live();
        try (TensorScope scope = TensorScope.open()) {
            Philox random = Philox.of(17);
            List<MicroBatches.Part> parts = new ArrayList<>();
            for (int i = 0; i < SIZES.size(); i++) {
                int n = SIZES.get(i);
                parts.add(new MicroBatches.Part(n, List.of(images(random.fork(2 * i), 2 * n, 16),
                        images(random.fork(2 * i + 1), n, 8))));
            }
            Tensor labels = Tensor.of(DEVICE, Shape.of(7), 0, 1, 0, 0, 1, 1, 0);
            try (EncoderWithHead one = network(); EncoderWithHead other = network();
                    SslMethod a = chosen.method.get(); SslMethod b = chosen.method.get()) {
                Map<String, double[]> expected = atOnce(one, a, parts, labels);
                b.beforeForward();
                try (MicroBatches.Step step = new MicroBatches(other, b, TrainingPrecision.FLOAT32, Optional.empty())
                        .step(parts, Optional.of(labels), Batch.Moment.START)) {
                    Map<String, double[]> got = values(new PretextModel(other, b), step.gradients(),
                            step.loss().item());
                    assertThat(got.keySet()).isEqualTo(expected.keySet());
                    expected.forEach((name, values) -> assertThat(got.get(name)).as(name)
                            .containsExactly(values, within(1e-9)));
                }
            }
        }
        assertThat(Tensor.live()).isEqualTo(live);
    }

    /** In one part, an ordinary step, and in three. */
    @ParameterizedTest
    @ValueSource(ints = {1, 3})
    void aLossScaleMultipliesGradientsAndNotTheLoss(int count) {
        long live = Tensor.live();
        try (TensorScope scope = TensorScope.open()) {
            List<MicroBatches.Part> parts = new ArrayList<>();
            for (int i = 0; i < count; i++) {
                parts.add(new MicroBatches.Part(3, List.of(images(Philox.of(i), 6, 16))));
            }
            Map<String, double[]> plain = step(parts, Optional.empty());
            Map<String, double[]> scaled = step(parts, Optional.of(Tensor.of(DEVICE, Shape.of(1), DType.F64, 1024)));
            plain.forEach((name, values) -> assertThat(scaled.get(name)).as(name).containsExactly(name.equals("loss")
                    ? values : Arrays.stream(values).map(v -> 1024 * v).toArray(), within(1e-9)));
        }
        assertThat(Tensor.live()).isEqualTo(live);
    }

    /** The loss and the gradients of SwAV's step, prototypes included. */
    private static Map<String, double[]> step(List<MicroBatches.Part> parts, Optional<Tensor> lossScale) {
        try (EncoderWithHead network = network(); SslMethod swav = new Swav(Initializer.on(DEVICE, DType.F64, 9), DIM,
                7, new Swav.Settings(5, 0.2, 0.3, 3, 0, 0, 0), Reduction.MEAN);
                MicroBatches.Step step = new MicroBatches(network, swav, TrainingPrecision.FLOAT32, lossScale)
                        .step(parts, Optional.empty(), Batch.Moment.START)) {
            Map<String, double[]> values = new LinkedHashMap<>(Map.of("loss", step.loss().toDoubles()));
            new PretextModel(network, swav).parameters().forEach((name, p) -> values.put(name,
                    step.gradients().of(p.tensor()).toDoubles()));
            assertThat(values).containsKey("prototypes.weight");
            return values;
        }
    }
}
