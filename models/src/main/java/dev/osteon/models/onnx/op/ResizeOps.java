package dev.osteon.models.onnx.op;

import static dev.osteon.models.onnx.op.OpTable.one;

import dev.osteon.engine.op.Ops;
import dev.osteon.engine.op.Resize;
import dev.osteon.engine.op.Window;
import dev.osteon.engine.tensor.Shape;
import dev.osteon.engine.tensor.Tensor;
import dev.osteon.models.onnx.op.Resampling.Along;
import dev.osteon.models.onnx.op.Resampling.Coordinates;
import dev.osteon.models.onnx.op.Resampling.Mode;
import dev.osteon.models.onnx.op.Resampling.Rounding;
import dev.osteon.models.onnx.value.HostArray;
import dev.osteon.models.onnx.value.Value;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;

/** Resizing along any axes: a linear map of each on its own. */
final class ResizeOps {

    private ResizeOps() {}

    static List<Entry> entries() {
        return List.of(
                one("Upsample", 7, c -> resize(c, c.attributes().reals("scales"), Optional.empty())),
                one("Upsample", 9, c -> resize(c, Optional.of(c.doubles(1)), Optional.empty())).structural(1),
                one("Resize", 10, c -> resize(c, Optional.of(c.doubles(1)), Optional.empty())).structural(1),
                one("Resize", 11, ResizeOps::resize).structural(1, 2, 3));
    }

    private static Value resize(Call c) {
        boolean scales = c.has(2) && c.shape(2).size() > 0;
        boolean sizes = c.has(3) && c.shape(3).size() > 0;
        if (scales == sizes) {
            throw c.problem(scales ? "both scales and sizes" : "neither scales nor sizes", "one of them");
        }
        return resize(c, scales ? Optional.of(c.doubles(2)) : Optional.empty(),
                sizes ? Optional.of(c.longs(3)) : Optional.empty());
    }

    private static Value resize(Call c, Optional<double[]> scales, Optional<long[]> sizes) {
        int rank = c.rank(0);
        int[] axes = c.attributes().integers("axes").map(a -> Arrays.stream(a).mapToInt(v -> c.axis(v, rank))
                .toArray()).orElseGet(() -> IntStream.range(0, rank).toArray());
        int given = scales.map(s -> s.length).or(() -> sizes.map(s -> s.length)).orElse(0);
        if (given != axes.length) {
            throw c.problem(given + " scales or sizes for " + axes.length + " axes", "one for each");
        }
        float[] wanted = factors(c, axes, scales, sizes);
        double[] region = c.has(1) && c.node().opset() >= 11 ? c.doubles(1) : new double[0];
        Along[] steps = new Along[axes.length];
        for (int i = 0; i < axes.length; i++) {
            int in = c.shape(0).dim(axes[i]);
            boolean cropped = region.length == 2 * axes.length && coordinates(c) == Coordinates.TF_CROP_AND_RESIZE;
            float start = cropped ? (float) region[i] : 0;
            float end = cropped ? (float) region[i + axes.length] : 1;
            float size = in * (cropped ? end - start : 1) * wanted[i];
            long out = sizes.isEmpty() ? (long) Math.floor(size) : isStretched(c) ? sizes.get()[i]
                    : (long) Math.floor(wanted[i] * in + 0.5);
            steps[i] = new Along(axes[i], in, HostArray.count(Shape.of(c.size(out))), wanted[i], start, end,
                    scales.isPresent() ? size : out);
        }
        int[] result = c.shape(0).toArray();
        Arrays.stream(steps).forEach(step -> result[step.axis()] = step.out());
        c.affordable(Shape.of(result));
        Resampling how = resampling(c);
        if (how.coordinates() != Coordinates.TF_CROP_AND_RESIZE && Arrays.stream(steps).allMatch(Along::isSame)) {
            return c.value(0);
        }
        return how.mode() == Mode.NEAREST && how.coordinates() != Coordinates.TF_CROP_AND_RESIZE
                ? c.move(0, x -> nearest(x, steps, how)) : c.inOwnType(call -> apply(call, steps, how));
    }

    private static boolean isStretched(Call c) {
        return c.attributes().text("keep_aspect_ratio_policy", "stretch").equals("stretch");
    }

    private static float[] factors(Call c, int[] axes, Optional<double[]> scales, Optional<long[]> sizes) {
        if (scales.isPresent()) {
            return floats(scales.get());
        }
        double[] factors = IntStream.range(0, axes.length)
                .mapToDouble(i -> (float) sizes.orElseThrow()[i] / c.shape(0).dim(axes[i])).toArray();
        if (!isStretched(c)) {
            boolean larger = c.attributes().text("keep_aspect_ratio_policy", "").equals("not_smaller");
            double one = larger ? Arrays.stream(factors).max().orElse(1) : Arrays.stream(factors).min().orElse(1);
            Arrays.fill(factors, one);
        }
        return floats(factors);
    }

    private static float[] floats(double[] values) {
        float[] floats = new float[values.length];
        for (int i = 0; i < floats.length; i++) {
            floats[i] = (float) values[i];
        }
        return floats;
    }

    private static Coordinates coordinates(Call c) {
        if (c.node().opset() < 11) {
            return Coordinates.ASYMMETRIC;
        }
        return Coordinates.of(c.attributes().text("coordinate_transformation_mode", "half_pixel"))
                .orElseThrow(() -> c.problem("coordinate_transformation_mode "
                        + c.attributes().text("coordinate_transformation_mode", ""), "one of ONNX's"));
    }

    private static Resampling resampling(Call c) {
        Mode mode = switch (c.attributes().text("mode", "nearest")) {
            case "nearest" -> Mode.NEAREST;
            case "linear", "bilinear" -> Mode.LINEAR;
            case "cubic" -> Mode.CUBIC;
            default -> throw c.problem("mode " + c.attributes().text("mode", ""), "nearest, linear or cubic");
        };
        return new Resampling(mode, coordinates(c), rounding(c), c.attributes().real("cubic_coeff_a", -0.75),
                c.attributes().flag("antialias", false), c.attributes().flag("exclude_outside", false),
                c.attributes().real("extrapolation_value", 0));
    }

    private static Rounding rounding(Call c) {
        String name = c.attributes().text("nearest_mode", "round_prefer_floor");
        return c.node().opset() < 11 ? Rounding.BY_SCALE : Rounding.of(name).filter(r -> r != Rounding.BY_SCALE)
                .orElseThrow(() -> c.problem("nearest_mode " + name, "one of ONNX's"));
    }

    private static Tensor nearest(Tensor given, Along[] steps, Resampling how) {
        Tensor x = given;
        for (Along step : steps) {
            long[] places = how.places(step);
            x = step.isSame() ? x : Ops.select(x, HostArray.int64(x.device(), Shape.of(places.length), places),
                    step.axis());
        }
        return x;
    }

    private static Tensor apply(Call c, Along[] steps, Resampling how) {
        Tensor x = c.tensor(0);
        if (x.rank() == 4 && how.mode() == Mode.LINEAR && how.coordinates() == Coordinates.HALF_PIXEL
                && !how.antialias()) {
            Optional<Tensor> quick = bilinear(x, steps);
            if (quick.isPresent()) {
                return quick.get();
            }
        }
        for (Along step : steps) {
            x = step.isSame() && how.coordinates() != Coordinates.TF_CROP_AND_RESIZE ? x : along(c, x, step, how);
        }
        return x;
    }

    /** The usual case has a kernel of its own. */
    private static Optional<Tensor> bilinear(Tensor x, Along[] steps) {
        int[] out = x.shape().toArray();
        for (Along step : steps) {
            boolean exact = step.out() == step.scale() * step.in();
            if (step.axis() < 2 && step.in() != step.out() || !exact) {
                return Optional.empty();
            }
            out[step.axis()] = step.out();
        }
        return Optional.of(Ops.resize(x, new Window(out[2], out[3]), Resize.Filter.BILINEAR));
    }

    private static Tensor along(Call c, Tensor x, Along step, Resampling how) {
        double[] weights = new double[HostArray.count(Shape.of(step.in() + 1, step.out()))];
        double outside = how.weights(step, weights);
        int last = x.rank() - 1;
        int[] order = IntStream.range(0, x.rank()).map(i -> i == step.axis() ? last : i == last ? step.axis() : i)
                .toArray();
        Tensor moved = Ops.permute(x, order);
        int rows = (int) (x.size() / Math.max(1, step.in()));
        Tensor map = c.constant(Shape.of(step.in() + 1, step.out()), weights);
        Tensor inside = MatrixOps.product(Ops.reshape(moved, rows, step.in()), Ops.slice(map, 0, 0, step.in()));
        Tensor y = outside == 0 ? inside : Ops.add(inside, Ops.slice(map, 0, step.in(), 1));
        int[] dims = moved.shape().toArray();
        dims[last] = step.out();
        return Ops.permute(Ops.reshape(y, dims), order);
    }
}
