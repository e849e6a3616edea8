package dev.osteon.bench.result;

import static dev.osteon.bench.result.Spread.number;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;

/** A result as Markdown: a table for each benchmark. */
public final class ResultTable {

    private ResultTable() {}

    /** The machine, its peaks, and a table for each benchmark. */
    public static String markdown(BenchResult result) {
        StringBuilder text = new StringBuilder("# Benchmarks: " + result.machine() + "\n\n" + result.threads()
                + " threads; peaks " + result.peaks().describe() + ". Medians of rounds, and extremes.\n");
        grouped(result).forEach((benchmark, cases) -> table(text, benchmark, cases));
        return text.toString();
    }

    /** Cases by benchmark. */
    static Map<String, List<CaseResult>> grouped(BenchResult result) {
        return result.cases().stream().collect(Collectors.groupingBy(CaseResult::benchmark, LinkedHashMap::new,
                Collectors.toList()));
    }

    private static void table(StringBuilder text, String benchmark, List<CaseResult> cases) {
        boolean compared = cases.stream().anyMatch(each -> !each.peers().isEmpty());
        text.append("\n## ").append(benchmark).append("\n\n| case | implementation | ms | min – max |")
                .append(compared ? " peer / ours | min – max |" : "")
                .append(" GFLOP/s | GB/s | share of the roofline | peak MiB |\n|---|---|---|---|")
                .append(compared ? "---|---|" : "").append("---|---|---|---|\n");
        for (CaseResult each : cases) {
            for (Side side : each.sides()) {
                row(text, each, side, compared);
            }
        }
        text.append("\nCommit ").append(cases.stream().map(CaseResult::commit).distinct()
                .collect(Collectors.joining(", "))).append(".\n");
    }

    private static void row(StringBuilder text, CaseResult each, Side side, boolean compared) {
        text.append("| ").append(each.label()).append(" | ").append(side.name()).append(" | ");
        if (!side.measured()) {
            text.append("not measured: ").append(side.failure().replace("|", "\\|")).append(" |")
                    .append(" |".repeat(compared ? 7 : 5)).append('\n');
            return;
        }
        Spread spread = side.spread();
        boolean ours = side == each.ours();
        Optional<Spread> ratio = ours ? Optional.empty() : each.ratio(side);
        text.append(number(spread.median())).append(" | ").append(spread.range()).append(" | ");
        if (compared) {
            text.append(ratio.map(r -> "**" + number(r.median()) + "** | " + r.range()).orElse(" | ")).append(" | ");
        }
        text.append(rate(each.flops(), spread)).append(" | ").append(rate(each.bytes(), spread)).append(" | ")
                .append(ours && each.leastMs() > 0 ? String.format(Locale.ROOT, "%.0f %%", 100 * each.share()) : "")
                .append(" | ").append(side.peakMib()).append(" |\n");
    }

    /** 1e9 a second, of what ours must do at least. */
    private static String rate(double work, Spread milliseconds) {
        return work > 0 ? number(work / milliseconds.median() / 1e6) : "";
    }
}
