package dev.osteon.app.verify;

import dev.osteon.engine.autograd.Gradients;
import dev.osteon.engine.autograd.Tape;
import dev.osteon.engine.dispatch.Dispatcher;
import dev.osteon.engine.op.AdaptiveAvgPool2d;
import dev.osteon.engine.op.AffineCropResize;
import dev.osteon.engine.op.Conv2d;
import dev.osteon.engine.op.ConvTranspose2d;
import dev.osteon.engine.op.LayerNorm;
import dev.osteon.engine.op.Ops;
import dev.osteon.engine.op.Resize;
import dev.osteon.engine.op.Window;
import dev.osteon.engine.tensor.Shape;
import dev.osteon.engine.tensor.Tensor;
import dev.osteon.engine.views.AffineMatrix;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.BiFunction;

/** The families of single layers and losses: y from inputs and parameters, then all gradients that the case expects. */
final class Layers {

    private Layers() {}

    static void register(Map<String, Family> families) {
        put(families, "conv2d", (c, t) -> Dispatcher.runAll(new Conv2d(window(c, "stride"), window(c, "padding"),
                window(c, "dilation"), c.integer("groups")), weighted(t)).getFirst());
        put(families, "conv_transpose2d", (c, t) -> Dispatcher.runAll(new ConvTranspose2d(window(c, "stride"),
                window(c, "padding"), window(c, "output_padding"), window(c, "dilation"), c.integer("groups")),
                weighted(t)).getFirst());
        put(families, "linear", (c, t) -> t.containsKey("bias") ? Ops.linear(t.get("x"), t.get("weight"), t.get("bias"))
                : Ops.linear(t.get("x"), t.get("weight")));
        put(families, "max_pool2d", (c, t) -> Ops.maxPool2d(t.get("x"), Window.square(c.integer("kernel")),
                Window.square(c.integer("stride")), Window.square(c.integer("padding"))));
        put(families, "adaptive_avg_pool2d",
                (c, t) -> Dispatcher.run(new AdaptiveAvgPool2d(window(c, "output")), t.get("x")));
        put(families, "relu", (c, t) -> Ops.relu(t.get("x")));
        put(families, "gelu", (c, t) -> c.hyper("approximate").asText().equals("tanh") ? Ops.geluTanh(t.get("x"))
                : Ops.gelu(t.get("x")));
        put(families, "softmax", (c, t) -> Ops.softmax(t.get("x"), c.integer("dim")));
        put(families, "log_softmax", (c, t) -> Ops.logSoftmax(t.get("x"), c.integer("dim")));
        put(families, "l2_normalize", (c, t) -> Ops.l2Normalize(t.get("x"), c.integer("dim")));
        put(families, "layer_norm", (c, t) -> Dispatcher.runAll(new LayerNorm(c.integer("normalised_dims"),
                c.number("eps")), List.of(t.get("x"), t.get("weight"), t.get("bias"))).getFirst());
        put(families, "matmul", (c, t) -> Ops.matmul(t.get("a"), t.get("b")));
        put(families, "broadcast", Layers::binary);
        put(families, "reduce", Layers::reduce);
        put(families, "resize", (c, t) -> Ops.resize(t.get("x"), window(c, "output"), filter(c)));
        put(families, "rotate", Layers::rotate);
        put(families, "cross_entropy", Layers::crossEntropy);
        put(families, "bce_with_logits", (c, t) -> Ops.bceWithLogits(t.get("logits"), t.get("target"),
                c.hyper("pos_weight").isNull() ? 1 : c.number("pos_weight")));
    }

    private static void put(Map<String, Family> families, String name,
            BiFunction<GoldenCase, Map<String, Tensor>, Tensor> forward) {
        families.put(name, (golden, target, comparison) -> differentiate(golden, target, comparison, forward));
    }

    /** Results under {@code out.y} or {@code out.loss}, gradients of Σ up.y·y or of the loss under {@code grad.*}. */
    static void differentiate(GoldenCase golden, Family.Target target, Comparison comparison,
            BiFunction<GoldenCase, Map<String, Tensor>, Tensor> forward) {
        Map<String, Tensor> operands = new LinkedHashMap<>();
        for (String prefix : List.of("in.", "param.")) {
            golden.names(prefix).forEach(name ->
                    operands.put(name, golden.tensor(prefix + name, target.device(), target.dtype())));
        }
        List<String> differentiated = golden.names("grad.");
        List<Tensor> watched = differentiated.stream().map(operands::get).toList();
        try (Tape tape = Tape.watching(watched)) {
            Tensor y = forward.apply(golden, operands);
            String result = golden.has("out.y") ? "out.y" : "out.loss";
            comparison.that(y.size() == golden.shape(result).size(), "the result has shape " + y.shape());
            comparison.check(result, y.toDoubles());
            Tensor upstream = golden.has("up.y")
                    ? golden.tensor("up.y", target.device(), target.dtype()).reshape(y.shape().toArray())
                    : Ops.full(target.device(), y.shape(), target.dtype(), 1);
            try (Gradients gradients = tape.gradients(y, upstream, watched)) {
                for (String name : differentiated) {
                    comparison.check("grad." + name, gradients.of(operands.get(name)).toDoubles());
                }
            }
        }
    }

    private static Window window(GoldenCase golden, String name) {
        int[] sizes = golden.integers(name);
        return new Window(sizes[0], sizes[1]);
    }

    private static List<Tensor> weighted(Map<String, Tensor> t) {
        List<Tensor> operands = new ArrayList<>(List.of(t.get("x"), t.get("weight")));
        if (t.containsKey("bias")) {
            operands.add(t.get("bias"));
        }
        return operands;
    }

    private static Tensor binary(GoldenCase golden, Map<String, Tensor> t) {
        Tensor a = t.get("a");
        Tensor b = t.get("b");
        return switch (golden.hyper("op").asText()) {
            case "add" -> Ops.add(a, b);
            case "sub" -> Ops.sub(a, b);
            case "mul" -> Ops.mul(a, b);
            case "div" -> Ops.div(a, b);
            case "pow" -> Ops.pow(a, b);
            case "maximum", "max" -> Ops.maximum(a, b);
            case "minimum", "min" -> Ops.minimum(a, b);
            default -> throw unknown(golden, "op");
        };
    }

    private static Tensor reduce(GoldenCase golden, Map<String, Tensor> t) {
        Tensor x = t.get("x");
        int[] axes = golden.integers("dim");
        Tensor reduced = switch (golden.hyper("op").asText()) {
            case "sum" -> Ops.sum(x, axes);
            case "mean" -> Ops.mean(x, axes);
            case "max", "amax" -> Ops.max(x, axes);
            case "var" -> Ops.variance(x, golden.hyper("unbiased").asBoolean() ? 1 : 0, axes);
            case "norm" -> Ops.norm(x, axes);
            case "logsumexp" -> Ops.logSumExp(x, axes[0]);
            default -> throw unknown(golden, "op");
        };
        return Ops.reshape(reduced, golden.shape("out.y").toArray());
    }

    private static Resize.Filter filter(GoldenCase golden) {
        if (golden.hyper("align_corners").asBoolean()) {
            throw unknown(golden, "align_corners");
        }
        return switch (golden.hyper("mode").asText()) {
            case "nearest" -> Resize.Filter.NEAREST;
            case "bilinear" -> golden.hyper("antialias").asBoolean() ? Resize.Filter.ANTIALIAS : Resize.Filter.BILINEAR;
            default -> throw unknown(golden, "mode");
        };
    }

    private static Tensor rotate(GoldenCase golden, Map<String, Tensor> t) {
        Tensor x = t.get("x");
        AffineMatrix m = AffineMatrix.rotation(golden.number("angle"), x.dim(2), x.dim(3));
        Tensor matrices = Tensor.of(x.device(), Shape.of(x.dim(0), 2, 3), x.dtype(), repeat(m, x.dim(0)));
        int[] numbers = java.util.stream.IntStream.range(0, x.dim(0)).toArray();
        AffineCropResize.Filter filter = golden.hyper("interpolation").asText().equals("nearest")
                ? AffineCropResize.Filter.NEAREST : AffineCropResize.Filter.TRIANGLE;
        return Dispatcher.run(new AffineCropResize(new Window(x.dim(2), x.dim(3)), filter,
                AffineCropResize.Border.ZERO),
                x, matrices, Tensor.of(x.device(), Shape.of(numbers.length), numbers));
    }

    private static double[] repeat(AffineMatrix m, int count) {
        double[] one = {m.a(), m.b(), m.c(), m.d(), m.e(), m.f()};
        double[] all = new double[6 * count];
        for (int i = 0; i < count; i++) {
            System.arraycopy(one, 0, all, 6 * i, 6);
        }
        return all;
    }

    /** torch's: label smoothing mixes in the mean over the classes, weights divide by the targets' weights. */
    private static Tensor crossEntropy(GoldenCase golden, Map<String, Tensor> t) {
        Tensor logits = t.get("logits");
        Tensor target = t.get("target");
        int classes = logits.dim(-1);
        double[] weights = new double[classes];
        java.util.Arrays.fill(weights, 1);
        if (!golden.hyper("class_weight").isNull()) {
            for (int k = 0; k < classes; k++) {
                weights[k] = golden.hyper("class_weight").get(k).asDouble();
            }
        }
        Tensor weight = Tensor.of(logits.device(), Shape.of(classes), logits.dtype(), weights);
        Tensor each = Ops.select(weight, target, 0);
        Tensor minusLog = Ops.neg(Ops.logSoftmax(logits, -1));
        Tensor hard = Ops.mul(Ops.gather(minusLog, target), each);
        Tensor soft = Ops.reshape(Ops.sum(Ops.mul(minusLog, weight), -1), logits.dim(0));
        double smoothing = golden.number("label_smoothing");
        Tensor sum = Ops.sum(Ops.add(Ops.affine(hard, 1 - smoothing, 0), Ops.affine(soft, smoothing / classes, 0)));
        return switch (golden.hyper("reduction").asText()) {
            case "sum" -> sum;
            case "mean" -> Ops.div(sum, Ops.sum(each));
            default -> throw unknown(golden, "reduction");
        };
    }

    static dev.osteon.engine.EngineException unknown(GoldenCase golden, String hyper) {
        return new dev.osteon.engine.EngineException(hyper + ": given " + golden.hyper(hyper)
                + "; this version does not compute it");
    }
}
