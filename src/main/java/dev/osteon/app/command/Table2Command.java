package dev.osteon.app.command;

import dev.osteon.app.run.Progress;
import dev.osteon.app.table.Table2;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code osteon table2}: the paper's table. */
@Command(name = "table2", description = "All methods with multi-crop and extended multi-crop, in several trials: the "
        + "paper's Table 2. Killed at any point, the same command goes on where it stopped.",
        footer = {"", "Examples:", "  osteon table2", "  osteon table2 --methods simclr,swav --trials 1",
            "  osteon table2 --preset paper --data my/segments --split both --device cuda"})
public final class Table2Command implements Callable<Integer> {

    @Spec
    private CommandSpec spec;

    @Option(names = "--preset", paramLabel = "NAME", defaultValue = "quick",
            description = "smoke, quick (default; 40 minutes on two cores) or paper.")
    private String preset;

    @Option(names = "--data", paramLabel = "DIR",
            description = "Folder with pictures and labels.csv; without it a phantom is generated.")
    private Optional<Path> data;

    @Option(names = "--trials", defaultValue = "3", description = "Trials of each cell (default: ${DEFAULT-VALUE}).")
    private int trials;

    @Option(names = "--methods", split = ",", paramLabel = "NAME",
            description = "Of supervised,simclr,supcon,swav,vicreg (default: all), comma-separated.")
    private List<String> methods = new ArrayList<>();

    @Option(names = "--split", defaultValue = "subject",
            description = "subject (default), segment, or both, side by side.")
    private String split;

    @Option(names = "--out", paramLabel = "DIR",
            description = "Folder of the table (default: runs/table2-PRESET). One that was begun is gone on with.")
    private Optional<Path> out;

    @Option(names = "--device", description = "auto (default), cpu, reference or cuda.")
    private Optional<String> device;

    @Option(names = "--threads", description = "Compute threads, or 0 for all that the process may use (default).")
    private Optional<String> threads;

    @Option(names = "--precision", description = "What the encoder is trained in: auto (default; bf16 on a GPU, "
            + "float32 on the CPU), float32, bf16 or fp16: activations in 16 bits, parameters and losses in float32; "
            + "fp16 with a dynamic loss scale.")
    private Optional<String> precision;

    @Option(names = "--memory", description = "normal (default), or low: of the encoder's activations only the inputs "
            + "of its blocks are kept, and the rest is computed again in the backward pass: less than half of the "
            + "memory, a third more arithmetic, the same results.")
    private Optional<String> memory;

    @Option(names = "--seed", description = "Seed of the first trial (default: 1); the others count on from it.")
    private Optional<String> seed;

    @Parameters(arity = "0..*", paramLabel = "KEY=VALUE", description = "Overrides of the preset.")
    private List<String> overrides = new ArrayList<>();

    @Override
    public Integer call() throws IOException {
        List<String> all = new ArrayList<>(overrides);
        data.ifPresent(v -> all.add("data.folder=" + v.toAbsolutePath().normalize()));
        device.ifPresent(v -> all.add("device=" + v));
        threads.ifPresent(v -> all.add("threads=" + v));
        precision.ifPresent(v -> all.add("precision=" + v));
        memory.ifPresent(v -> all.add("memory=" + v));
        seed.ifPresent(v -> all.add("seed=" + v));
        Path folder = out.orElse(Path.of("runs", "table2-" + preset));
        Table2 table = Table2.of(preset, all, methods, split, trials, folder, Progress.onConsole());
        table.run();
        spec.commandLine().getOut().println(Files.readString(folder.resolve("table2.md")));
        spec.commandLine().getOut().printf("Report: %s%n", folder.resolve("table2.html").toAbsolutePath().normalize());
        spec.commandLine().getOut().flush();
        return 0;
    }
}
