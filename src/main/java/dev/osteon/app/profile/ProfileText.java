package dev.osteon.app.profile;

import java.io.PrintWriter;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.Function;

/** Profiles as text: one at a glance, or two side by side. */
public final class ProfileText {

    private static final int ROWS = 12;

    private ProfileText() {}

    /** The longest operations. */
    public static void print(Profile profile, PrintWriter out) {
        out.printf(Locale.ROOT, "%-30s%10s%8s%12s%12s%10s%10s%8s%n", "operation", "ms", "share", "forward ms",
                "backward ms", "GFLOP/s", "GB/s", "roof");
        double all = profile.busy();
        Grouping.of(profile, Profile.Row::op).stream().limit(ROWS).forEach(g -> out.printf(Locale.ROOT,
                "%-30s%10.1f%7.1f%%%12.1f%12.1f%10.1f%10.1f%7.0f%%%n", g.name(), 1e3 * g.seconds(),
                100 * g.seconds() / all, 1e3 * g.forward(), 1e3 * g.backward(), g.flops() / g.seconds() / 1e9,
                g.bytes() / g.seconds() / 1e9, 100 * g.shareOfRoof()));
    }

    /**
     * Two profiles by phase and by operation, per step where both have steps.
     *
     * @param a the earlier one
     * @param b the later one; ratios are b / a
     */
    public static void diff(Profile a, Profile b, PrintWriter out) {
        boolean perStep = a.steps() > 0 && b.steps() > 0;
        double perA = perStep ? a.steps() : 1;
        double perB = perStep ? b.steps() : 1;
        out.printf("A: osteon %s%nB: osteon %s%n%s%n", a.command(), b.command(), perStep
                ? "ms per step of " + a.steps() + " and " + b.steps() + " steps" : "ms in all");
        table("phase", Profile.Row::phase, a, perA, b, perB, out);
        table("operation", Profile.Row::op, a, perA, b, perB, out);
        out.printf(Locale.ROOT, "%n%-28s%12.2f%12.2f%10.3f%n", "all operations", 1e3 * a.busy() / perA,
                1e3 * b.busy() / perB, b.busy() / perB / (a.busy() / perA));
        out.printf(Locale.ROOT, "%-28s%12.0f%12.0f%10.3f%n", "peak of live tensors, MiB", a.peakMemory() / 1048576.0,
                b.peakMemory() / 1048576.0, (double) b.peakMemory() / a.peakMemory());
    }

    private static void table(String heading, Function<Profile.Row, String> by, Profile a, double perA, Profile b,
            double perB, PrintWriter out) {
        Map<String, Double> of = sums(a, by, perA);
        Map<String, Double> and = sums(b, by, perB);
        TreeSet<String> names = new TreeSet<>(of.keySet());
        names.addAll(and.keySet());
        List<String> sorted = names.stream().sorted((x, y) -> Double.compare(
                Math.abs(and.getOrDefault(y, 0.0) - of.getOrDefault(y, 0.0)),
                Math.abs(and.getOrDefault(x, 0.0) - of.getOrDefault(x, 0.0)))).toList();
        out.printf("%n%-28s%12s%12s%10s%n", heading, "A", "B", "B / A");
        for (String name : sorted) {
            double left = of.getOrDefault(name, 0.0);
            double right = and.getOrDefault(name, 0.0);
            out.printf(Locale.ROOT, "%-28s%12.2f%12.2f%10s%n", name.isEmpty() ? "outside" : name, left, right,
                    left == 0 ? "new" : right == 0 ? "gone" : String.format(Locale.ROOT, "%.3f", right / left));
        }
    }

    private static Map<String, Double> sums(Profile profile, Function<Profile.Row, String> by, double per) {
        Map<String, Double> sums = new TreeMap<>();
        profile.rows().forEach(row -> sums.merge(by.apply(row), 1e3 * row.seconds() / per, Double::sum));
        return sums;
    }
}
