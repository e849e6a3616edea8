package dev.osteon.app.command;

import dev.osteon.app.config.ConfigFile;
import dev.osteon.app.config.RunConfig;
import dev.osteon.app.report.RunResult;
import dev.osteon.app.run.Progress;
import dev.osteon.app.run.Run;
import dev.osteon.app.run.RunFolder;
import dev.osteon.ssl.metrics.Interval;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code osteon run}: from segments to the report. */
@Command(name = "run", description = "Trains and evaluates: segments, views, SSL, linear probe, report.",
        footer = {"", "Examples:", "  osteon run", "  osteon run --preset smoke",
            "  osteon run --data my/segments pretrain.epochs=30 views.globalSize=96",
            "  osteon run --config runs/before/config.yaml --seed 2", "",
            "A data folder holds pictures and a labels.csv with the columns file and t_score (or label),",
            "optionally subject, bone and status. Without --data a phantom is generated."})
public final class RunCommand implements Callable<Integer> {

    @Spec
    private CommandSpec spec;

    @Option(names = "--preset", paramLabel = "NAME",
            description = "smoke, quick (default) or paper.")
    private Optional<String> preset;

    @Option(names = "--config", paramLabel = "FILE", description = "YAML file with keys of the presets, like a run's "
            + "config.yaml. What it leaves out is the preset's; options and KEY=VALUE override it.")
    private Optional<Path> file;

    @Option(names = "--data", paramLabel = "DIR", description = "Folder with pictures and labels.csv.")
    private Optional<String> data;

    @Option(names = "--task", description = "osteoporosis_vs_rest (default) or normal_vs_osteoporosis.")
    private Optional<String> task;

    @Option(names = "--method", description = "simclr (default), supcon (also learns from the training samples' "
            + "labels), swav or vicreg.")
    private Optional<String> method;

    @Option(names = "--out", paramLabel = "DIR",
            description = "New folder for the results (default: runs/PRESET-TIME).")
    private Optional<String> out;

    @Option(names = "--device", description = "auto (default), cpu, reference or cuda.")
    private Optional<String> device;

    @Option(names = "--threads",
            description = "Compute threads, 1 to 256, or 0 for all that the process may use (default).")
    private Optional<String> threads;

    @Option(names = "--seed", description = "Seed of everything random (default: 1).")
    private Optional<String> seed;

    @Parameters(arity = "0..*", paramLabel = "KEY=VALUE", description = "Overrides of the preset; config.yaml of a run "
            + "shows all keys.")
    private List<String> overrides = new ArrayList<>();

    @Override
    public Integer call() throws IOException {
        List<String> all = new ArrayList<>(overrides);
        data.ifPresent(v -> all.add("data.folder=" + v));
        task.ifPresent(v -> all.add("data.task=" + v));
        method.ifPresent(v -> all.add("method=" + v));
        device.ifPresent(v -> all.add("device=" + v));
        threads.ifPresent(v -> all.add("threads=" + v));
        seed.ifPresent(v -> all.add("seed=" + v));
        RunConfig config = ConfigFile.load(preset, file, all);
        RunFolder folder = RunFolder.create(out.orElse(""), config.preset());
        RunResult result = new Run(config, folder, Progress.onConsole()).execute();
        print(spec.commandLine().getOut(), result, folder);
        return 0;
    }

    private static void print(PrintWriter out, RunResult result, RunFolder folder) {
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
