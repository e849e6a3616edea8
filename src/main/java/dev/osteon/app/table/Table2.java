package dev.osteon.app.table;

import dev.osteon.app.UserError;
import dev.osteon.app.config.ConfigFile;
import dev.osteon.app.config.RunConfig;
import dev.osteon.app.config.RunConfig.Data.SplitBy;
import dev.osteon.app.config.RunConfig.Method;
import dev.osteon.app.run.Phantoms;
import dev.osteon.app.run.Progress;
import dev.osteon.app.run.Run;
import dev.osteon.app.run.RunFolder;
import dev.osteon.engine.io.AtomicFile;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * The paper's Table 2: every method with and without the extension of multi-crop, in several trials. Each cell is a run
 * of its own folder; finished ones are read, begun ones go on where they stopped, and the table is written anew after
 * each.
 */
public final class Table2 {

    /** In the paper's order. */
    private static final List<Method> ALL = List.of(Method.SUPERVISED, Method.SIMCLR, Method.SUPCON, Method.SWAV,
            Method.VICREG);
    /** Thirty runs of the quick preset as it is would take an hour and a half on two cores: fewer epochs. */
    private static final List<String> QUICK = List.of("pretrain.epochs=5", "probe.size=192");

    private final Grid grid;
    private final Path folder;
    private final Progress progress;

    private Table2(Grid grid, Path folder, Progress progress) {
        this.grid = grid;
        this.folder = folder;
        this.progress = progress;
    }

    /**
     * A table by the words of the command line.
     *
     * @param methods names of methods; empty for all
     * @param split   subject, segment or both
     * @throws UserError for words that are not known
     */
    public static Table2 of(String preset, List<String> overrides, List<String> methods, String split, int trials,
            Path folder, Progress progress) {
        List<String> all = new ArrayList<>(preset.equals(ConfigFile.DEFAULT) ? QUICK : List.of());
        all.addAll(overrides);
        RunConfig base = ConfigFile.load(preset, all);
        List<SplitBy> splits = split.equals("both") ? List.of(SplitBy.values())
                : List.of(word("--split", split, SplitBy.values(), "both"));
        List<Method> chosen = methods.isEmpty() ? ALL
                : methods.stream().map(m -> word("--methods", m, Method.values())).distinct().toList();
        return new Table2(new Grid(base, chosen, splits, trials), folder, progress);
    }

    private static <E extends Enum<E>> E word(String option, String given, E[] known, String... others) {
        return Arrays.stream(known).filter(k -> k.name().equalsIgnoreCase(given.strip())).findFirst()
                .orElseThrow(() -> new UserError(option + ": given " + given + "; expected one of "
                        + Stream.concat(Arrays.stream(known).map(k -> k.name().toLowerCase(Locale.ROOT)),
                                Stream.of(others)).collect(Collectors.joining(", "))));
    }

    /**
     * Runs what is not there yet, and writes table2.csv, table2.md and table2.html.
     *
     * @throws UserError when the folder holds a table of other settings
     */
    public void run() throws IOException {
        requireSameSettings();
        String data = grid.base().data().folder();
        if (data.isEmpty()) {
            data = Phantoms.generate(grid.base(), folder.resolve("phantom"), progress).toString();
        }
        List<Cell> cells = grid.cells();
        Map<Cell, CellResult> results = new LinkedHashMap<>();
        long start = System.nanoTime();
        int made = 0;
        for (int i = 0; i < cells.size(); i++) {
            Cell cell = cells.get(i);
            boolean fresh = finish(cell, data, String.format(Locale.ROOT, "[%d/%d %s]", i + 1, cells.size(),
                    cell.name()));
            CellResult result = CellResult.read(cell, at(cell));
            results.put(cell, result);
            if (fresh) {
                made++;
                double left = (System.nanoTime() - start) / 1e9 / made * (cells.size() - i - 1);
                progress.say(String.format(Locale.ROOT, "[%d/%d %s]  test AUC %.3f; about %s left", i + 1, cells.size(),
                        cell.name(), result.test("auc"), minutes(left)));
                write(summaries(results));
            }
        }
        write(summaries(results));
    }

    private static String minutes(double seconds) {
        return seconds < 90 ? Math.round(seconds) + " s" : Math.round(seconds / 60) + " min";
    }

    private Path at(Cell cell) {
        return folder.resolve("runs").resolve(cell.name());
    }

    /** Whether there was anything to do. */
    private boolean finish(Cell cell, String data, String label) throws IOException {
        Path at = at(cell);
        RunConfig config = cell.config(grid.base(), data);
        boolean begun = Files.isRegularFile(at.resolve("config.yaml"));
        try (RunFolder run = begun ? RunFolder.open(at) : RunFolder.create(at.toString(), config.preset())) {
            if (run.finished()) {
                return false;
            }
            new Run(config, run, progress.within(label)).execute(Run.Until.EVALUATED);
            return true;
        }
    }

    private void requireSameSettings() throws IOException {
        Path file = folder.resolve("table2.yaml");
        if (Files.exists(file)) {
            if (!ConfigFile.load(Optional.empty(), Optional.of(file), List.of()).equals(grid.base())) {
                throw new UserError("--out: given " + folder + ", which holds a table of other settings (" + file
                        + "); expected the same, to go on with it, or another folder");
            }
            return;
        }
        Files.createDirectories(folder);
        AtomicFile.write(file, "# what all runs of this table have in common\n" + ConfigFile.toYaml(grid.base()));
    }

    private List<Summary> summaries(Map<Cell, CellResult> results) {
        List<Summary> summaries = new ArrayList<>();
        for (Cell.Row row : grid.rows()) {
            List<CellResult> trials = results.values().stream().filter(r -> r.cell().row().equals(row)).toList();
            if (!trials.isEmpty()) {
                summaries.add(new Summary(row, trials));
            }
        }
        return summaries;
    }

    private void write(List<Summary> summaries) throws IOException {
        RunConfig.Evaluation evaluation = grid.base().evaluation();
        TableText text = new TableText(summaries, evaluation.resamples(), grid.base().seed());
        AtomicFile.write(folder.resolve("table2.csv"), text.csv());
        AtomicFile.write(folder.resolve("table2.md"), text.markdown());
        AtomicFile.write(folder.resolve("table2.html"), new TableReport(grid, text).page());
    }
}
