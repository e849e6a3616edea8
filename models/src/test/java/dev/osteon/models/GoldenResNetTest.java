package dev.osteon.models;

import static dev.osteon.models.HashedWeights.Profile.GATED;
import static dev.osteon.models.HashedWeights.Profile.PLAIN;
import static dev.osteon.models.HashedWeights.Running.FRESH;
import static dev.osteon.models.HashedWeights.Running.HASHED;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.osteon.engine.autograd.Gradients;
import dev.osteon.engine.autograd.Tape;
import dev.osteon.engine.memory.TensorScope;
import dev.osteon.engine.op.LarcStep;
import dev.osteon.engine.op.Ops;
import dev.osteon.engine.tensor.DType;
import dev.osteon.engine.tensor.Device;
import dev.osteon.engine.tensor.Shape;
import dev.osteon.engine.tensor.Tensor;
import dev.osteon.nn.Golden;
import dev.osteon.nn.Initializer;
import dev.osteon.nn.Larc;
import dev.osteon.nn.Mode;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * ResNet-18 against torchvision in float64 on the reference backend, forward, backward and running statistics. The
 * plain loops take seconds a pass, so ResNet-50 and the whole trajectory need {@code -Dosteon.golden=full}.
 */
class GoldenResNetTest {

    private static final boolean FULL = "full".equals(System.getProperty("osteon.golden"));

    static Stream<Golden> networks() {
        return Golden.family("resnet").stream().filter(g -> FULL || g.hyper("arch").asText().equals("resnet18"));
    }

    static Stream<Golden> trajectories() {
        return Golden.family("trajectory_supervised").stream()
                .filter(g -> FULL || g.hyper("arch").asText().equals("resnet18"));
    }

    @ParameterizedTest
    @MethodSource
    void networks(Golden golden) {
        long before = Tensor.live();
        boolean train = golden.hyper("mode").asText().equals("train");
        try (TensorScope _ = TensorScope.open(); ResNet net = net(golden)) {
            net.mode(train ? Mode.TRAIN : Mode.EVAL);
            assertThat(net.parameters().keySet()).containsExactlyElementsOf(golden.strings("param_names"));
            Tensor x = input(golden);
            assertThat(Arrays.copyOf(x.toDoubles(), 8)).containsExactly(golden.values("in.check_input_first8"));
            assertThat(net.parameters().values().stream().mapToDouble(p -> Arrays.stream(p.values()).sum()).toArray())
                    .containsExactly(golden.values("in.check_param_sum"), within(1e-9));
            List<Tensor> watched = new ArrayList<>(net.trainable());
            watched.add(x);
            try (Tape tape = Tape.watching(watched)) {
                List<String> stages = golden.strings("stage_names");
                Tensor features = net.features(x, (stage, output) -> {
                    if (stages.contains(stage)) {
                        stage(golden, stages.indexOf(stage), stage, output);
                    }
                });
                Tensor logits = net.classify(features);
                Tensor loss = Ops.crossEntropy(logits, labels(golden));
                golden.check("out.logits", logits.toDoubles());
                golden.check("out.loss", loss.item());
                golden.check("out.features", features.toDoubles());
                try (Gradients gradients = tape.gradients(loss, watched)) {
                    summaries(golden, "out.param_grad", golden.strings("param_names"),
                            name -> gradients.of(net.parameters().get(name).tensor()).toDoubles());
                    summaries(golden, "out.input_grad", List.of("input.x"), name -> gradients.of(x).toDoubles());
                    for (String name : List.of("fc.bias", "fc.weight", "bn1.weight", "conv1.weight")) {
                        golden.check("grad." + name, gradients.of(net.parameters().get(name).tensor()).toDoubles());
                    }
                }
            }
            if (train) {
                summaries(golden, "out.running", golden.strings("buffer_names"),
                        name -> net.buffers().get(name).values());
            }
        }
        assertThat(Tensor.live()).isEqualTo(before);
    }

    @ParameterizedTest
    @MethodSource
    void trajectories(Golden golden) {
        int steps = FULL ? golden.hyper("steps").asInt() : 2;
        double[] rates = golden.values("in.lr_per_step");
        LarcStep.Mode mode = golden.hyper("clip").asBoolean() ? LarcStep.Mode.CLIP : LarcStep.Mode.SCALE;
        try (ResNet net = net(golden);
                Larc larc = Larc.of(net, golden.number("weight_decay"), new Larc.Settings(0.9,
                        golden.number("trust_coefficient"), golden.number("eps"), mode))) {
            for (int step = 0; step <= steps; step++) {
                try (TensorScope _ = TensorScope.open(); Tape tape = Tape.watching(net.trainable())) {
                    Tensor loss = Ops.crossEntropy(net.forward(input(golden)), labels(golden));
                    golden.checkFrom("out.losses", step, loss.item());
                    if (step < steps) {
                        try (Gradients gradients = tape.gradients(loss, net.trainable())) {
                            larc.step(gradients, rates[step]);
                        }
                    }
                }
            }
            if (FULL) {
                summaries(golden, "out.param_final", golden.strings("param_names"),
                        name -> net.parameters().get(name).values());
            }
        }
    }

    private static ResNet net(Golden golden) {
        ResNet net = new ResNet(Initializer.on(Device.REFERENCE, DType.F64, 0),
                ResNetSpec.named(golden.hyper("arch").asText()).withClasses(golden.hyper("classes").asInt()));
        boolean hashed = golden.entry().get("hyper").path("running_stats").asText().equals("hashed");
        HashedWeights.fill(net, golden.hyper("seed").asLong(),
                golden.hyper("profile").asText().equals("gated") ? GATED : PLAIN, hashed ? HASHED : FRESH);
        return net;
    }

    private static Tensor input(Golden golden) {
        int[] dims = ints(golden, "input");
        Shape shape = Shape.of(dims);
        double[] u = HashedWeights.u(golden.hyper("seed").asLong(), "input.x", Math.toIntExact(shape.size()));
        return Tensor.of(Device.REFERENCE, shape, DType.F64, u);
    }

    private static Tensor labels(Golden golden) {
        int[] labels = ints(golden, "labels");
        return Tensor.of(Device.REFERENCE, Shape.of(labels.length), labels);
    }

    private static int[] ints(Golden golden, String name) {
        return StreamSupport.stream(golden.hyper(name).spliterator(), false).mapToInt(n -> n.asInt()).toArray();
    }

    private static void stage(Golden golden, int index, String name, Tensor output) {
        double[] values = output.toDoubles();
        golden.checkFrom("out.stage.mean", index, Arrays.stream(values).average().orElseThrow());
        summary(golden, "out.stage", index, name, values);
    }

    private static void summaries(Golden golden, String what, List<String> names,
            java.util.function.Function<String, double[]> values) {
        for (int i = 0; i < names.size(); i++) {
            summary(golden, what, i, names.get(i), values.apply(names.get(i)));
        }
    }

    private static void summary(Golden golden, String what, int index, String name, double[] values) {
        double[] weights = HashedWeights.u(987654321, "probe:" + name, values.length);
        double squares = 0;
        double probe = 0;
        for (int i = 0; i < values.length; i++) {
            squares += values[i] * values[i];
            probe += values[i] * weights[i];
        }
        golden.checkFrom(what + ".norm", index, Math.sqrt(squares));
        golden.checkFrom(what + ".probe", index, probe);
        golden.checkFrom(what + ".first8", 8 * index, Arrays.copyOf(values, 8));
    }
}
