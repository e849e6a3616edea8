package dev.osteon.bench.run;

import dev.osteon.app.UserError;
import dev.osteon.app.command.ModuleCommand;
import dev.osteon.app.profile.Peaks;
import dev.osteon.bench.ComparedBenchmark;
import dev.osteon.bench.Machine;
import dev.osteon.bench.Peer;
import dev.osteon.bench.result.BenchResult;
import dev.osteon.bench.result.ResultComparison;
import dev.osteon.bench.result.ResultPage;
import dev.osteon.bench.result.ResultTable;
import dev.osteon.bench.sam.SamBenchmark;
import dev.osteon.engine.io.AtomicFile;
import dev.osteon.engine.tensor.Device;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code osteon bench}: ours and peers in turn on this machine, into one result file. */
@Command(name = "bench", sortOptions = false,
        description = "Measures the engine on this machine's CPU, beside other libraries if asked for, each in "
                + "processes of its own and in turn.",
        footer = {"", "Examples:", "  osteon bench --quick --filter matmul              does it run? some seconds",
            "  osteon bench --filter TrainingStep --vs libtorch,floor", "  osteon bench --vs all --rounds 5",
            "  osteon bench --compare before.json after.json",
            "  osteon profile bench --filter \"NtXent 1024\"   where the time of our side goes", "",
            "Results of cases that are not measured this time are kept. Beside FILE.json are",
            "FILE.md with tables and FILE.html and FILE.svg with charts; bench/README.md",
            "says how to read them. Exit status: 0 done, 1 a case of ours failed or a regression,",
            "2 wrong options."})
public final class BenchCommand implements ModuleCommand {

    /** System property: the folder {@code bench} of the checkout. */
    static final String HOME = "osteon.bench.home";

    private static final String ALL = "all";

    @Spec
    private CommandSpec spec;

    @Option(names = "--filter", split = ",", paramLabel = "TEXT", description = "Only cases whose name has one of "
            + "these in it, whatever its case, as NtXent or \"Convolution 2.spatial\"; --list shows the names.")
    private List<String> filters = List.of();

    @Option(names = "--vs", split = ",", paramLabel = "PEER", description = "Beside these, whose jars are fetched and "
            + "built first: libtorch, djl, dl4j, onnxruntime, floor, or all of them; libtorch-avx2 for machines where "
            + "libtorch crashes. One that cannot run is reported, and the others go on.")
    private List<String> vs = List.of();

    @Option(names = "--quick", description = "One round, each case for a moment and at the first value of each "
            + "parameter: shows that everything runs, and its figures are not kept.")
    private boolean quick;

    @Option(names = "--rounds", paramLabel = "N", defaultValue = "3",
            description = "Rounds through all cases (default: ${DEFAULT-VALUE}); medians and extremes are over them.")
    private int rounds;

    @Option(names = "--threads", paramLabel = "N", description = "Of every implementation (default: one for each "
            + "processor).")
    private int threads = Runtime.getRuntime().availableProcessors();

    @Option(names = "--param", paramLabel = "NAME=VALUE[,VALUE]", description = "Other values of a parameter, as "
            + "images=8x224,64x224 or n=2048; can be given several times.")
    private List<String> parameters = List.of();

    @Option(names = "--sam", paramLabel = "DIR", description = "Folder with encoder.onnx and decoder.onnx (default: "
            + "where osteon models puts them).")
    private Optional<Path> sam;

    @Option(names = "--out", paramLabel = "FILE.json",
            description = "The result (default: bench/results/MACHINE.json).")
    private Optional<Path> out;

    @Option(names = "--list", description = "Lists the cases with their peers, and ends.")
    private boolean list;

    @Option(names = "--compare", arity = "2", paramLabel = "FILE", description = "Compares two results of the same "
            + "machine, the earlier one first, and ends: with 1 if something became slower beyond the spread.")
    private List<Path> compare = List.of();

    @Option(names = "--tolerance", paramLabel = "SHARE", defaultValue = "0.05", description = "With --compare: the "
            + "spread of every figure is at least so much to both sides (default: ${DEFAULT-VALUE}).")
    private double tolerance;

    @Override
    public Integer call() throws IOException {
        PrintWriter print = spec.commandLine().getOut();
        if (!compare.isEmpty()) {
            return compare(print);
        }
        List<Peer> peers = peers();
        List<BenchmarkCase> cases = cases();
        if (list) {
            cases.forEach(each -> print.println(each.name() + each.instance().peers().stream().sorted()
                    .map(Peer::toString).reduce((a, b) -> a + ", " + b).map(names -> "  (" + names + ")").orElse("")));
            print.flush();
            return 0;
        }
        checkCounts();
        return measure(cases, peers, print);
    }

    /** One case's own side: peers have no operations of ours, and only processes of their own can be timed. */
    @Override
    public Callable<Integer> profiled() throws IOException {
        if (!vs.isEmpty() || !compare.isEmpty() || out.isPresent() || list) {
            throw new UserError("profile bench: given --vs, --compare, --out or --list; expected --filter, --param, "
                    + "--quick, --rounds, --threads and --sam alone: it records one case's own side");
        }
        List<BenchmarkCase> cases = cases();
        if (cases.size() > 1) {
            throw new UserError("profile bench: given " + cases.size() + " cases, " + cases.getFirst().name() + " to "
                    + cases.getLast().name() + "; expected one: name it with --filter and --param, or add --quick for "
                    + "the first value of each parameter");
        }
        checkCounts();
        setSam();
        System.setProperty(ComparedBenchmark.THREADS, String.valueOf(threads));
        Optional<String> missing = cases.getFirst().instance().missing();
        if (missing.isPresent()) {
            throw new UserError("profile bench: " + missing.get());
        }
        try {
            return ProfiledCase.ready(cases.getFirst(), length(), rounds);
        } catch (IllegalArgumentException wrongValue) {
            throw new UserError("--param: " + wrongValue.getMessage(), wrongValue);
        }
    }

    private void checkCounts() {
        if (rounds < 1 || threads < 1) {
            throw new UserError("given --rounds " + rounds + " and --threads " + threads + "; expected 1 or more");
        }
    }

    private void setSam() {
        sam.ifPresent(folder -> System.setProperty(SamBenchmark.FOLDER, folder.toAbsolutePath().toString()));
    }

    private Fork.Length length() {
        return quick ? Fork.Length.QUICK : Fork.Length.FULL;
    }

    private int compare(PrintWriter print) throws IOException {
        if (!(tolerance >= 0 && tolerance < 1)) {
            throw new UserError("--tolerance: given " + tolerance + "; expected a share from 0 to below 1");
        }
        ResultComparison comparison = ResultComparison.of(BenchResult.read(compare.getFirst()),
                BenchResult.read(compare.getLast()), tolerance);
        print.print(comparison.text());
        print.flush();
        return comparison.regressions().isEmpty() ? 0 : 1;
    }

    private List<Peer> peers() {
        List<Peer> peers = new ArrayList<>();
        for (String name : vs) {
            if (name.equals(ALL)) {
                peers.addAll(Peer.usual());
            } else {
                peers.add(List.of(Peer.values()).stream().filter(peer -> peer.toString().equals(name)).findFirst()
                        .orElseThrow(() -> new UserError("--vs: given " + name + "; expected all, or some of "
                                + List.of(Peer.values()))));
            }
        }
        return peers.stream().distinct().toList();
    }

    private List<BenchmarkCase> cases() {
        Map<String, List<String>> chosen = chosen();
        List<BenchmarkCase> all = Benchmarks.ALL.stream().flatMap(type -> BenchmarkCase.of(type, quick
                ? BenchmarkCase.firstValues(type, chosen) : chosen).stream()).toList();
        List<BenchmarkCase> some = all.stream().filter(each -> filters.isEmpty() || filters.stream().anyMatch(filter ->
                each.name().toLowerCase(Locale.ROOT).contains(filter.toLowerCase(Locale.ROOT)))).toList();
        if (some.isEmpty()) {
            throw new UserError("--filter: given " + String.join(",", filters) + ", which is in no case's name; see "
                    + "osteon bench --list");
        }
        return some;
    }

    private Map<String, List<String>> chosen() {
        Map<String, List<String>> chosen = new LinkedHashMap<>();
        for (String parameter : parameters) {
            String[] sides = parameter.split("=", 2);
            boolean known = Benchmarks.ALL.stream().flatMap(type -> BenchmarkCase.parameterFields(type).stream())
                    .anyMatch(field -> field.getName().equals(sides[0]));
            if (sides.length < 2 || sides[1].isBlank() || !known) {
                throw new UserError("--param: given " + parameter + "; expected the name of a @Param field and values, "
                        + "as images=8x224,64x224");
            }
            chosen.put(sides[0], List.of(sides[1].split(",")));
        }
        return chosen;
    }

    private int measure(List<BenchmarkCase> cases, List<Peer> peers, PrintWriter print) throws IOException {
        String given = System.getProperty(HOME, "");
        if (given.isEmpty()) {
            throw new UserError("bench: started without the folder of the checkout; start it as ./osteon bench");
        }
        Path home = Path.of(given);
        setSam();
        Path log = home.resolve("target").resolve("bench.log");
        Files.createDirectories(log.getParent());
        Files.writeString(log, "");
        Path file = out.orElse(home.resolve("results").resolve(Machine.slug() + ".json"));
        Fork fork = new Fork(home, threads, length(), log);
        Session session = new Session(fork, peers, Optional.ofNullable(System.getenv("OSTEON_COMMIT"))
                .orElse("unknown"), spec.commandLine().getErr());
        BenchResult earlier = earlier(file);
        int all = quick ? 1 : rounds;
        for (int round = 1; round <= all; round++) {
            for (int i = 0; i < cases.size(); i++) {
                session.round(cases.get(i), "round " + round + " of " + all + ", " + (i + 1) + " of " + cases.size());
                if (!quick || out.isPresent()) {
                    write(session.into(earlier), file);     // after each, so that a run cut short leaves what it has
                }
            }
        }
        BenchResult measured = session.into(new BenchResult(BenchResult.VERSION, earlier.machine(), threads,
                earlier.peaks(), List.of()));
        print.print(ResultTable.markdown(measured));
        if (!quick || out.isPresent()) {
            print.println("Written: " + file + ", and .md, .html and .svg beside it; " + log
                    + " has what the processes said.");
        }
        session.failures().forEach(name -> print.println("Failed: " + name + "; " + log + " says why."));
        print.flush();
        return session.failures().isEmpty() ? 0 : 1;
    }

    /** What the file has of this machine, with its peaks as they are known now. */
    private BenchResult earlier(Path file) throws IOException {
        Peaks peaks = Peaks.of(Device.CPU);
        String machine = Machine.describe();
        if (!Files.exists(file)) {
            return new BenchResult(BenchResult.VERSION, machine, threads, peaks, List.of());
        }
        BenchResult earlier = BenchResult.read(file);
        if (!earlier.machine().equals(machine) || earlier.threads() != threads) {
            throw new UserError("--out: " + file + " is of " + earlier.machine() + " with " + earlier.threads()
                    + " threads, and this is " + machine + " with " + threads + "; give another file");
        }
        return new BenchResult(BenchResult.VERSION, machine, threads, peaks, earlier.cases());
    }

    private static void write(BenchResult result, Path file) throws IOException {
        result.write(file);
        AtomicFile.write(beside(file, ".md"), ResultTable.markdown(result));
        AtomicFile.write(beside(file, ".html"), ResultPage.html(result));
        AtomicFile.write(beside(file, ".svg"), ResultPage.svg(result));
    }

    private static Path beside(Path file, String ending) {
        return file.resolveSibling(file.getFileName().toString().replaceFirst("\\.json$", "") + ending);
    }
}
