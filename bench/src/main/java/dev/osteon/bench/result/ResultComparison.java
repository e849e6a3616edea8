package dev.osteon.bench.result;

import dev.osteon.app.UserError;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import java.util.stream.Collectors;

/**
 * Two results of one machine. Where both measured a case beside the same peer, what counts is the ratio of the two,
 * which a machine that is busier today does not change; otherwise our time does. A figure has changed when the
 * ranges of its rounds do not meet.
 *
 * @param changes what is slower or faster
 * @param lines   a line for each case of ours
 */
public record ResultComparison(List<Change> changes, List<String> lines) {

    /** How a case has changed: our speed is {@code factor} of what it was. */
    public record Change(String name, double factor) {}

    /**
     * Compares.
     *
     * @param tolerance that every figure's range has at least, to both sides, as a share of its median
     * @throws UserError when the two are not of one machine with one number of threads
     */
    public static ResultComparison of(BenchResult earlier, BenchResult later, double tolerance) {
        if (!earlier.machine().equals(later.machine()) || earlier.threads() != later.threads()) {
            throw new UserError("--compare: given results of " + earlier.machine() + " with " + earlier.threads()
                    + " threads and of " + later.machine() + " with " + later.threads() + "; expected the same: times "
                    + "of different machines say nothing of the code");
        }
        Map<String, CaseResult> before = earlier.cases().stream().collect(Collectors.toMap(CaseResult::name,
                Function.identity()));
        ResultComparison comparison = new ResultComparison(new ArrayList<>(), new ArrayList<>());
        for (CaseResult after : later.cases()) {
            CaseResult old = before.remove(after.name());
            if (old == null || !old.ours().measured()) {
                comparison.lines.add(line("new", after.name(), ""));
            } else if (!after.ours().measured()) {
                comparison.changes.add(new Change(after.name(), 0));
                comparison.lines.add(line("FAILED", after.name(), after.ours().failure()));
            } else {
                comparison.add(old, after, tolerance);
            }
        }
        before.keySet().forEach(name -> comparison.lines.add(line("not measured", name, "")));
        return comparison;
    }

    private void add(CaseResult old, CaseResult after, double tolerance) {
        Optional<Side> common = after.peers().stream().filter(peer -> after.ratio(peer).isPresent()
                && old.ratios().containsKey(peer.name())).findFirst();
        // both as speeds: a larger one is better
        Spread a = (common.isPresent() ? old.ratios().get(common.get().name()) : speed(old)).atLeast(tolerance);
        Spread b = (common.isPresent() ? after.ratio(common.get()).orElseThrow() : speed(after)).atLeast(tolerance);
        double factor = b.median() / a.median();
        String verdict = b.max() < a.min() ? "SLOWER" : b.min() > a.max() ? "faster" : "same";
        String figures = common.isPresent() ? common.get().name() + " / osteon " + a.range() + " before, " + b.range()
                + " now" : old.ours().spread().range() + " ms before, " + after.ours().spread().range() + " ms now";
        if (!verdict.equals("same")) {
            changes.add(new Change(after.name(), factor));
        }
        lines.add(line(verdict, after.name(), String.format(Locale.ROOT, "×%.2f speed: %s", factor, figures)));
    }

    private static Spread speed(CaseResult result) {
        return Spread.of(result.ours().milliseconds().stream().map(ms -> 1 / ms).toList());
    }

    private static String line(String verdict, String name, String figures) {
        return String.format(Locale.ROOT, "%-12s  %-36s  %s", verdict, name, figures).stripTrailing();
    }

    /** What became slower, or is not measured any more because it failed. */
    public List<Change> regressions() {
        return changes.stream().filter(change -> change.factor < 1).toList();
    }

    /** All lines and the count of regressions. */
    public String text() {
        int slower = regressions().size();
        return String.join("\n", lines) + "\n\n" + (slower == 0 ? "No regression" : slower == 1 ? "1 regression"
                : slower + " regressions") + " in " + lines.size() + " cases\n";
    }
}
