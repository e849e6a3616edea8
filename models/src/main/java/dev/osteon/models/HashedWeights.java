package dev.osteon.models;

import dev.osteon.engine.tensor.Shape;
import dev.osteon.nn.Module;
import dev.osteon.nn.Parameter;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.regex.Pattern;

/**
 * Weights that are a function of a seed and the parameters' names, so that a comparison with another engine needs no
 * stored weights: the formula of the golden vectors, where {@code u} is 64-bit FNV-1a and SplitMix64's finaliser.
 */
public final class HashedWeights {

    private static final long GOLDEN_RATIO = 0x9E3779B97F4A7C15L;

    /** The batch-norms that may be the last of a residual branch: bn2 of a basic block, bn3 of a bottleneck. */
    private static final Pattern BRANCH_END = Pattern.compile("(.*\\.)?layer\\d+\\.\\d+\\.bn[23]");

    private HashedWeights() {}

    /** The distribution of the weights. */
    public enum Profile {
        /** As a network is initialised. */
        PLAIN,
        /** Every ReLU's input far from zero, so that float32 gradients are those of float64. */
        GATED
    }

    /** Where the running statistics begin. */
    public enum Running {
        /** Mean 0, variance 1. */
        FRESH,
        /** As after training on something. */
        HASHED
    }

    /** {@code count} numbers in [−1, 1), multiples of 2⁻²³. */
    public static double[] u(long seed, String name, int count) {
        long base = mix(fnv(name) ^ seed * GOLDEN_RATIO);
        double[] values = new double[count];
        for (int i = 0; i < count; i++) {
            values[i] = ((mix(base + (i + 1L) * GOLDEN_RATIO) >>> 40) - (1 << 23)) * 0x1p-23;
        }
        return values;
    }

    private static long fnv(String name) {
        long hash = 0xCBF29CE484222325L;
        for (byte b : name.getBytes(StandardCharsets.UTF_8)) {
            hash = (hash ^ (b & 0xff)) * 0x100000001B3L;
        }
        return hash;
    }

    private static long mix(long z) {
        z = (z ^ z >>> 30) * 0xBF58476D1CE4E5B9L;
        z = (z ^ z >>> 27) * 0x94D049BB133111EBL;
        return z ^ z >>> 31;
    }

    /** Overwrites all parameters and buffers of a network with torchvision's names. */
    public static void fill(Module module, long seed, Profile profile, Running running) {
        Map<String, Parameter> all = module.parameters();
        all.forEach((name, parameter) -> parameter.assign(weights(all, seed, name, parameter, profile)));
        module.buffers().forEach((name, buffer) -> buffer.assign(statistics(seed, name, buffer, running)));
    }

    private static double[] weights(Map<String, Parameter> all, long seed, String name, Parameter parameter,
            Profile profile) {
        Shape shape = parameter.shape();
        if (shape.rank() == 4) {
            double fanIn = (double) shape.dim(1) * shape.dim(2) * shape.dim(3);
            return line(seed, name, shape, 0, Math.sqrt(6.0 / fanIn));
        }
        if (shape.rank() == 2) {
            double scale = profile == Profile.GATED ? 0.0625 : 1.0;
            return line(seed, name, shape, 0, scale / Math.sqrt(shape.dim(1)));
        }
        String layer = name.substring(0, name.lastIndexOf('.'));
        Shape weight = all.get(layer + ".weight").shape();
        if (weight.rank() == 2) {
            return line(seed, name, shape, 0, 1.0 / Math.sqrt(weight.dim(1)));
        }
        boolean endsBranch = BRANCH_END.matcher(layer).matches()
                && (layer.endsWith(".bn3") || !all.containsKey(layer.replace(".bn2", ".bn3") + ".weight"));
        if (name.endsWith(".weight")) {
            return !endsBranch ? line(seed, name, shape, 1, 0.25)
                    : profile == Profile.GATED ? line(seed, name, shape, 0.5, 0.1) : line(seed, name, shape, 0.2, 0.05);
        }
        return profile == Profile.GATED ? gatedBeta(seed, name, shape, endsBranch || layer.contains(".downsample."))
                : line(seed, name, shape, 0, 0.1);
    }

    private static double[] gatedBeta(long seed, String name, Shape shape, boolean open) {
        double[] u = u(seed, name, shape.dim(0));
        double[] gate = u(seed, name + ":gate", shape.dim(0));
        for (int c = 0; c < u.length; c++) {
            u[c] = (float) (4 * (open || gate[c] >= -0.5 ? 1 : -1) + 0.1 * u[c]);
        }
        return u;
    }

    private static double[] statistics(long seed, String name, Parameter buffer, Running running) {
        boolean variance = name.endsWith("running_var");
        if (running == Running.FRESH) {
            return line(seed, name, buffer.shape(), variance ? 1 : 0, 0);
        }
        return variance ? line(seed, name, buffer.shape(), 1, 0.5) : line(seed, name, buffer.shape(), 0, 0.1);
    }

    /** offset + scale·u, rounded to float32. */
    private static double[] line(long seed, String name, Shape shape, double offset, double scale) {
        double[] values = u(seed, name, Math.toIntExact(shape.size()));
        for (int i = 0; i < values.length; i++) {
            values[i] = (float) (offset + scale * values[i]);
        }
        return values;
    }
}
