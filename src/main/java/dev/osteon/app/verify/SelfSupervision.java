package dev.osteon.app.verify;

import dev.osteon.engine.dispatch.Dispatcher;
import dev.osteon.engine.op.AffineCropResize;
import dev.osteon.engine.op.Ops;
import dev.osteon.engine.op.Window;
import dev.osteon.engine.random.Philox;
import dev.osteon.engine.tensor.Shape;
import dev.osteon.engine.tensor.Tensor;
import dev.osteon.engine.views.AffineMatrix;
import dev.osteon.engine.views.Crop;
import dev.osteon.engine.views.RandomResizedCrop;
import dev.osteon.ssl.metrics.BinaryMetrics;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.function.ToDoubleFunction;

/** The families of views and metrics. */
final class SelfSupervision {

    private static final int DRAWS = 20_000;

    private SelfSupervision() {}

    static void register(Map<String, Family> families) {
        families.put("metrics", SelfSupervision::metrics);
        families.put("crop_geometry", SelfSupervision::cropGeometry);
        families.put("pil_resized_crop", SelfSupervision::resizedCrop);
    }

    private static void metrics(GoldenCase golden, Family.Target target, Comparison comparison) {
        int[] labels = Arrays.stream(golden.values("in.label")).mapToInt(v -> (int) v).toArray();
        double[] scores = golden.values("in.score");
        BinaryMetrics at = BinaryMetrics.at(golden.number("threshold"), labels, scores);
        comparison.check("out.auc", BinaryMetrics.auc(labels, scores));
        comparison.check("out.average_precision", BinaryMetrics.averagePrecision(labels, scores));
        comparison.check("out.accuracy", at.accuracy());
        comparison.check("out.balanced_accuracy", at.balancedAccuracy());
        comparison.check("out.precision", at.precision());
        comparison.check("out.recall", at.recall());
        comparison.check("out.f1_binary", at.f1());
        comparison.check("out.f1_macro", at.f1Macro());
        comparison.check("out.f1_weighted", at.f1Weighted());
        comparison.check("out.f1_micro", at.f1Micro());
        comparison.check("out.confusion_tn_fp_fn_tp", at.trueNegatives(), at.falsePositives(), at.falseNegatives(),
                at.truePositives());
    }

    /** Statistical, as the case's notes say: means within five standard errors, quantiles at their levels. */
    private static void cropGeometry(GoldenCase golden, Family.Target target, Comparison comparison) {
        int height = golden.integer("image_height");
        int width = golden.integer("image_width");
        RandomResizedCrop policy = new RandomResizedCrop(golden.hyper("scale").get(0).asDouble(),
                golden.hyper("scale").get(1).asDouble());
        Philox random = Philox.of(golden.hyper("seed").asLong()).fork("crop geometry");
        List<Crop> crops = new ArrayList<>();
        for (int i = 0; i < DRAWS; i++) {
            crops.add(policy.draw(height, width, random));
        }
        quantity(golden, comparison, crops, "height", Crop::height);
        quantity(golden, comparison, crops, "width", Crop::width);
        quantity(golden, comparison, crops, "area_fraction", c -> (double) c.height() * c.width() / height / width);
        quantity(golden, comparison, crops, "log_aspect", c -> Math.log((double) c.width() / c.height()));
        quantity(golden, comparison, crops, "top_fraction",
                c -> place(c.top(), height - c.height()));
        quantity(golden, comparison, crops, "left_fraction",
                c -> place(c.left(), width - c.width()));
    }

    /** Where a crop lies in the room that it has: 0 to 1, one half where it has none. */
    private static double place(int start, int room) {
        return room == 0 ? 0.5 : (double) start / room;
    }

    private static void quantity(GoldenCase golden, Comparison comparison, List<Crop> crops, String name,
            ToDoubleFunction<Crop> value) {
        double[] values = crops.stream().mapToDouble(value).toArray();
        String out = "out." + name + ".";
        double mean = Arrays.stream(values).average().orElse(Double.NaN);
        double expected = golden.values(out + "mean")[0];
        double sd = golden.values(out + "sd")[0];
        double allowed = 5 * sd * Math.sqrt(1.0 / values.length + 1.0 / golden.integer("draws"));
        comparison.that(Math.abs(mean - expected) <= allowed,
                name + ": mean " + mean + ", expected " + expected + " ± " + allowed);
        double[] quantiles = golden.values(out + "quantiles");
        for (int i = 0; i < quantiles.length; i++) {
            double level = golden.hyper("quantile_levels").get(i).asDouble();
            double q = quantiles[i];
            double slack = 1e-9 * Math.max(1, Math.abs(q));
            double below = Arrays.stream(values).filter(v -> v < q - slack).count() / (double) values.length;
            double upTo = Arrays.stream(values).filter(v -> v <= q + slack).count() / (double) values.length;
            comparison.that(below <= level + 0.02 && upTo >= level - 0.02, name + ": " + below + " to " + upTo
                    + " of the draws lie below " + q + ", expected " + level);
        }
    }

    private static void resizedCrop(GoldenCase golden, Family.Target target, Comparison comparison) {
        Shape shape = golden.shape("in.image");
        int top = golden.integer("top");
        int left = golden.integer("left");
        int height = golden.integer("height");
        int width = golden.integer("width");
        int size = golden.integer("output");
        Tensor image = Tensor.of(target.device(), Shape.of(1, 1, shape.dim(0), shape.dim(1)), target.dtype(),
                golden.values("in.image"));
        Tensor crop = Ops.slice(Ops.slice(image, 2, top, height), 3, left, width);
        AffineMatrix m = AffineMatrix.resize(new Crop(0, 0, height, width), size);
        Tensor matrix = Tensor.of(target.device(), Shape.of(1, 2, 3), target.dtype(), m.a(), m.b(), m.c(), m.d(), m.e(),
                m.f());
        Tensor resized = Dispatcher.run(new AffineCropResize(new Window(size, size), AffineCropResize.Filter.TRIANGLE,
                AffineCropResize.Border.RENORMALIZE), crop, matrix, Tensor.of(target.device(), Shape.of(1), 0));
        comparison.check("out.image", Arrays.stream(resized.toDoubles()).map(Math::rint).toArray());
    }
}
