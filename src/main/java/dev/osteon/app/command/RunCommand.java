package dev.osteon.app.command;

import dev.osteon.app.report.RunResult;
import dev.osteon.app.run.Progress;
import dev.osteon.app.run.Run;
import dev.osteon.app.run.RunFolder;
import dev.osteon.ssl.metrics.Interval;
import java.io.IOException;
import java.io.PrintWriter;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;

/** {@code osteon run}: from segments to the report. */
@Command(name = "run", description = "Trains and evaluates: segments, views, SSL, linear probe, report.",
        footer = {"", "Examples:", "  osteon run", "  osteon run --preset smoke",
            "  osteon run --data my/segments pretrain.epochs=30 views.globalSize=96",
            "  osteon run --images radiographs --prompts auto --labels scores.csv",
            "  osteon run --config runs/before/config.yaml --seed 2", "  osteon run --resume runs/stopped", "",
            "A data folder holds pictures and a labels.csv with the columns file and t_score",
            "(or label), optionally subject, bone and status. Without --data a phantom is",
            "generated."})
public final class RunCommand implements Callable<Integer> {

    @Spec
    private CommandSpec spec;

    @Mixin
    private RunOptions options = new RunOptions();

    @Override
    public Integer call() throws IOException {
        RunOptions.Chosen chosen = options.choose();
        try (RunFolder folder = chosen.folder()) {
            new Run(chosen.config(), folder, Progress.onConsole()).execute(Run.Until.EVALUATED)
                    .ifPresent(result -> print(spec.commandLine().getOut(), result, folder));
        }
        return 0;
    }

    static void print(PrintWriter out, RunResult result, RunFolder folder) {
        out.printf("%n%-18s", "");
        result.figures().values().iterator().next().keySet().forEach(name -> out.printf("%-22s", name));
        out.println();
        for (Map.Entry<String, Map<String, Interval>> part : result.figures().entrySet()) {
            out.printf("%-18s", part.getKey());
            for (Interval i : part.getValue().values()) {
                out.printf(Locale.ROOT, "%-22s", String.format(Locale.ROOT, "%.3f [%.3f, %.3f]", i.value(), i.low(),
                        i.high()));
            }
            out.println();
        }
        out.printf("%nReport: %s%n", folder.resolve("report.html"));
        out.flush();
    }
}
