package dev.osteon.engine.backend.reference;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.DynamicTest.dynamicTest;

import dev.osteon.engine.autograd.Gradients;
import dev.osteon.engine.autograd.Tape;
import dev.osteon.engine.dispatch.Dispatcher;
import dev.osteon.engine.memory.TensorScope;
import dev.osteon.engine.op.Activation;
import dev.osteon.engine.op.AdaptiveAvgPool2d;
import dev.osteon.engine.op.AffineCropResize;
import dev.osteon.engine.op.BatchNormEval;
import dev.osteon.engine.op.BatchNormTrain;
import dev.osteon.engine.op.Conv2d;
import dev.osteon.engine.op.ConvTranspose2d;
import dev.osteon.engine.op.L2Normalize;
import dev.osteon.engine.op.LayerNorm;
import dev.osteon.engine.op.Ops;
import dev.osteon.engine.op.Resize;
import dev.osteon.engine.op.Window;
import dev.osteon.engine.tensor.DType;
import dev.osteon.engine.tensor.Device;
import dev.osteon.engine.tensor.Layout;
import dev.osteon.engine.tensor.Shape;
import dev.osteon.engine.tensor.Tensor;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;

/** The reference backend in float64 against values of published implementations, results and gradients. */
class GoldenTest {

    /** A family's function from a case and its tensors (without their prefixes) to y. */
    private interface Model {
        Tensor y(GoldenCase golden, Map<String, Tensor> tensors);
    }

    private static final Map<String, Model> FAMILIES = Map.ofEntries(
            Map.entry("conv2d", (g, t) -> Dispatcher.runAll(new Conv2d(window(g, "stride"), window(g, "padding"),
                    window(g, "dilation"), g.hyper("groups").asInt()), operands(t, "x", "weight", "bias")).getFirst()),
            Map.entry("conv_transpose2d", (g, t) -> Dispatcher.runAll(new ConvTranspose2d(window(g, "stride"),
                    window(g, "padding"), window(g, "output_padding"), window(g, "dilation"),
                    g.hyper("groups").asInt()), operands(t, "x", "weight", "bias")).getFirst()),
            Map.entry("batch_norm", GoldenTest::batchNorm),
            Map.entry("linear", (g, t) -> t.containsKey("bias") ? Ops.linear(t.get("x"), t.get("weight"), t.get("bias"))
                    : Ops.linear(t.get("x"), t.get("weight"))),
            Map.entry("max_pool2d", (g, t) -> Ops.maxPool2d(t.get("x"), square(g, "kernel"), square(g, "stride"),
                    square(g, "padding"))),
            Map.entry("adaptive_avg_pool2d", (g, t) ->
                    Dispatcher.run(new AdaptiveAvgPool2d(window(g, "output")), t.get("x"))),
            Map.entry("relu", (g, t) -> Ops.relu(t.get("x"))),
            Map.entry("gelu", (g, t) -> g.hyper("approximate").asText().equals("tanh") ? Ops.geluTanh(t.get("x"))
                    : Ops.gelu(t.get("x"))),
            Map.entry("softmax", (g, t) -> Ops.softmax(t.get("x"), g.hyper("dim").asInt())),
            Map.entry("log_softmax", (g, t) -> Ops.logSoftmax(t.get("x"), g.hyper("dim").asInt())),
            Map.entry("layer_norm", (g, t) -> Dispatcher.runAll(new LayerNorm(g.hyper("normalised_dims").asInt(),
                    g.hyper("eps").asDouble()), operands(t, "x", "weight", "bias")).getFirst()),
            Map.entry("l2_normalize", (g, t) -> Dispatcher.runAll(new L2Normalize(g.hyper("dim").asInt(),
                    g.hyper("eps").asDouble()), List.of(t.get("x"))).getFirst()),
            Map.entry("resize", (g, t) -> Ops.resize(t.get("x"), window(g, "output"), filter(g))),
            Map.entry("matmul", (g, t) -> Ops.matmul(t.get("a"), t.get("b"))),
            Map.entry("broadcast", (g, t) -> switch (g.hyper("op").asText()) {
                case "add" -> Ops.add(t.get("a"), t.get("b"));
                case "sub" -> Ops.sub(t.get("a"), t.get("b"));
                case "mul" -> Ops.mul(t.get("a"), t.get("b"));
                default -> Ops.div(t.get("a"), t.get("b"));
            }),
            Map.entry("reduce", GoldenTest::reduce),
            Map.entry("rotate", GoldenTest::rotate));

    @TestFactory
    Stream<DynamicTest> rowMajor() {
        return tests(Layout.ROW_MAJOR);
    }

    @TestFactory
    Stream<DynamicTest> channelsLast() {
        return tests(Layout.NHWC);
    }

    private static Stream<DynamicTest> tests(Layout layout) {
        return GoldenCase.required().stream().flatMap(folder -> FAMILIES.keySet().stream().sorted().flatMap(family -> {
            List<GoldenCase> cases = GoldenCase.ofFamily(folder, family);
            assertThat(cases).as(family).isNotEmpty();
            return cases.stream().map(golden -> dynamicTest(golden + "", () -> check(golden, family, layout)));
        }));
    }

    private static void check(GoldenCase golden, String family, Layout layout) {
        try (TensorScope scope = TensorScope.open()) {
            Map<String, Tensor> tensors = new LinkedHashMap<>();
            List<Tensor> given = new ArrayList<>();
            for (String prefix : List.of("in.", "param.", "state.")) {
                for (String name : golden.names(prefix)) {
                    Tensor tensor = golden.tensor(name);
                    Tensor laid = tensor.rank() == 4 && prefix.equals("in.") ? tensor.to(layout) : tensor;
                    tensors.put(name.substring(prefix.length()), laid);
                    if (golden.has("grad." + name.substring(prefix.length()))) {
                        given.add(laid);
                    }
                }
            }
            try (Tape tape = Tape.watching(given)) {
                Tensor y = FAMILIES.get(family).y(golden, tensors);
                near(golden, "out.y", y);
                Tensor up = golden.has("up.y") ? golden.tensor("up.y")
                        : Ops.full(Device.REFERENCE, y.shape(), y.dtype(), 1);
                try (Gradients gradients = tape.gradients(y, up, given)) {
                    assertThat(golden.names("grad.")).isNotEmpty();
                    for (String name : golden.names("grad.")) {
                        near(golden, name, gradients.of(tensors.get(name.substring("grad.".length()))));
                    }
                }
            }
        }
    }

    private static void near(GoldenCase golden, String name, Tensor actual) {
        assertThat(actual.shape()).as(name).isEqualTo(golden.tensor(name).shape());
        golden.requireNear(name, actual.toDoubles());
    }

    private static Tensor batchNorm(GoldenCase golden, Map<String, Tensor> t) {
        double eps = golden.hyper("eps").asDouble();
        Tensor x = t.get("x");
        if (!golden.hyper("training").asBoolean()) {
            return Dispatcher.runAll(new BatchNormEval(eps, Activation.NONE), operands(t, "x", "weight", "bias",
                    "running_mean", "running_var")).getFirst();
        }
        double momentum = golden.hyper("momentum").asDouble();
        Tensor mean = t.get("running_mean");
        Tensor variance = t.get("running_var");
        List<Tensor> batches = new ArrayList<>();
        for (int i = 0; t.containsKey("x_before" + i); i++) {
            batches.add(t.get("x_before" + i));
        }
        batches.add(x);
        Tensor y = x;
        for (Tensor batch : batches) {
            List<Tensor> results = Dispatcher.runAll(new BatchNormTrain(eps, Activation.NONE),
                    List.of(batch, t.get("weight"), t.get("bias")));
            double n = batch.size() / (double) batch.dim(1);
            mean = mean.mul(1 - momentum).add(results.get(1).mul(momentum));
            variance = variance.mul(1 - momentum).add(results.get(2).mul(momentum * n / (n - 1)));
            y = results.getFirst();
        }
        near(golden, "out.running_mean", mean);
        near(golden, "out.running_var", variance);
        return y;
    }

    private static Tensor reduce(GoldenCase golden, Map<String, Tensor> t) {
        Tensor x = t.get("x");
        int[] axes = golden.integers("dim");
        Tensor kept = switch (golden.hyper("op").asText()) {
            case "mean" -> Ops.mean(x, axes);
            case "var" -> Ops.variance(x, golden.hyper("unbiased").asBoolean() ? 1 : 0, axes);
            default -> Ops.logSumExp(x, axes[0]);
        };
        Shape shape = golden.tensor("out.y").shape();
        return Ops.reshape(kept, shape.toArray());
    }

    /** Counter-clockwise about the image's centre: the map takes output pixels to where they came from. */
    private static Tensor rotate(GoldenCase golden, Map<String, Tensor> t) {
        Tensor x = t.get("x");
        double cos = Math.cos(Math.toRadians(golden.hyper("angle").asDouble()));
        double sin = Math.sin(Math.toRadians(golden.hyper("angle").asDouble()));
        double cx = (x.dim(3) - 1) / 2.0;
        double cy = (x.dim(2) - 1) / 2.0;
        Tensor matrix = Tensor.of(x.device(), Shape.of(1, 2, 3), DType.F64,
                cos, -sin, cx - cos * cx + sin * cy, sin, cos, cy - sin * cx - cos * cy);
        AffineCropResize.Filter filter = golden.hyper("interpolation").asText().equals("nearest")
                ? AffineCropResize.Filter.NEAREST : AffineCropResize.Filter.TRIANGLE;
        return Dispatcher.run(new AffineCropResize(new Window(x.dim(2), x.dim(3)), filter,
                AffineCropResize.Border.ZERO), x, matrix, Tensor.of(x.device(), Shape.of(1), 0));
    }

    private static Resize.Filter filter(GoldenCase golden) {
        if (golden.hyper("mode").asText().equals("nearest")) {
            return Resize.Filter.NEAREST;
        }
        return golden.hyper("antialias").asBoolean() ? Resize.Filter.ANTIALIAS : Resize.Filter.BILINEAR;
    }

    private static List<Tensor> operands(Map<String, Tensor> tensors, String... names) {
        return Stream.of(names).filter(tensors::containsKey).map(tensors::get).toList();
    }

    private static Window window(GoldenCase golden, String name) {
        int[] pair = golden.integers(name);
        return new Window(pair[0], pair[1]);
    }

    private static Window square(GoldenCase golden, String name) {
        return Window.square(golden.hyper(name).asInt());
    }
}
