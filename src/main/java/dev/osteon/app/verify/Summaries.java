package dev.osteon.app.verify;

import dev.osteon.models.HashedWeights;
import java.util.Arrays;
import java.util.List;
import java.util.function.Function;

/** Tensors too large to store, told by their norm, a random projection and their first eight elements. */
final class Summaries {

    private static final long PROBE_SEED = 987654321;

    private Summaries() {}

    /** The tensors {@code names}, stacked in this order in the expected {@code what.norm} and so on. */
    static void check(Comparison comparison, String what, List<String> names, Function<String, double[]> values) {
        for (int i = 0; i < names.size(); i++) {
            check(comparison, what, i, names.get(i), values.apply(names.get(i)));
        }
    }

    /** The tensor {@code name}, the {@code index}-th of the stack. */
    static void check(Comparison comparison, String what, int index, String name, double[] values) {
        double[] weights = HashedWeights.u(PROBE_SEED, "probe:" + name, values.length);
        double squares = 0;
        double probe = 0;
        for (int i = 0; i < values.length; i++) {
            squares += values[i] * values[i];
            probe += values[i] * weights[i];
        }
        comparison.check(what + ".norm", index, Math.sqrt(squares));
        comparison.check(what + ".probe", index, probe);
        comparison.check(what + ".first8", 8 * index, Arrays.copyOf(values, 8));
    }
}
