package dev.osteon.models.onnx.op;

import dev.osteon.engine.tensor.Shape;
import java.util.Arrays;

/**
 * Where windows lie along the spatial axes of [N, C, ...]: what convolutions and pooling have in common.
 *
 * @param before padding at the start of each axis
 * @param after  and at its end
 */
record Spatial(int[] kernel, int[] strides, int[] dilations, int[] before, int[] after, int[] output) {

    /** From a node's attributes: pads by number or by {@code auto_pad}, sizes rounded as {@code ceil_mode} says. */
    static Spatial of(Call c, Shape x, int[] kernel) {
        int n = x.rank() - 2;
        if (n < 1 || kernel.length != n) {
            throw c.problem("a kernel of " + Arrays.toString(kernel) + " for " + x, "[N, C, ...] and a size for each "
                    + "axis behind the second");
        }
        int[] strides = list(c, "strides", n, 1);
        int[] dilations = list(c, "dilations", n, 1);
        int[] pads = list(c, "pads", 2 * n, 0);
        String auto = c.attributes().text("auto_pad", "NOTSET");
        boolean ceil = c.attributes().flag("ceil_mode", false);
        int[] before = Arrays.copyOf(pads, n);
        int[] after = Arrays.copyOfRange(pads, n, 2 * n);
        int[] padded = new int[n];
        int[] output = new int[n];
        for (int i = 0; i < n; i++) {
            int size = x.dim(i + 2);
            long span = (kernel[i] - 1L) * dilations[i] + 1;
            if (auto.equals("VALID")) {
                before[i] = 0;
                after[i] = 0;
            } else if (auto.startsWith("SAME")) {
                int total = (int) Math.max(0, (Math.ceilDiv(size, strides[i]) - 1L) * strides[i] + span - size);
                before[i] = auto.equals("SAME_LOWER") ? total - total / 2 : total / 2;
                after[i] = total - before[i];
            }
            long free = (long) size + before[i] + after[i] - span;
            if (free < 0 || kernel[i] < 1) {
                throw c.problem("a kernel of " + Arrays.toString(kernel) + " for " + x, "one no larger than the padded "
                        + "image");
            }
            padded[i] = c.size((long) size + before[i] + after[i]);
            output[i] = (int) (free / strides[i]) + 1;
            boolean more = ceil && free % strides[i] != 0 && (long) output[i] * strides[i] < (long) size + before[i];
            output[i] += more ? 1 : 0;     // a window that would start in the padding behind does not count
        }
        c.affordable(Shape.of(padded));
        return new Spatial(kernel, strides, dilations, before, after, output);
    }

    /** An attribute of {@code n} sizes. */
    static int[] list(Call c, String name, int n, int otherwise) {
        int[] values = c.attributes().integers(name).map(given -> Arrays.stream(given).mapToInt(Math::toIntExact)
                .toArray()).orElseGet(() -> {
                    int[] same = new int[n];
                    Arrays.fill(same, otherwise);
                    return same;
                });
        if (values.length != n || Arrays.stream(values).anyMatch(v -> v < otherwise)) {
            throw c.problem(name + " " + Arrays.toString(values), n + " of " + otherwise + " or more");
        }
        return values;
    }

    int axes() {
        return kernel.length;
    }

    boolean isDilated() {
        return Arrays.stream(dilations).anyMatch(d -> d != 1);
    }

    /** Padding behind that the windows reach into: more than asked for when sizes are rounded up. */
    int reach(int axis, int size) {
        long end = (output[axis] - 1L) * strides[axis] + (kernel[axis] - 1L) * dilations[axis] + 1;
        return (int) Math.max(0, end - size - before[axis]);
    }
}
