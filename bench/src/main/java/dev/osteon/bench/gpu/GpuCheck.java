package dev.osteon.bench.gpu;

import dev.osteon.app.UserError;
import dev.osteon.bench.Machine;
import dev.osteon.bench.gpu.Bench.Output;
import dev.osteon.bench.gpu.Bench.Scale;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.ConcurrentSkipListSet;
import java.util.stream.Stream;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** {@code bench/gpu-check.sh}: checks and measures the GPU backend on the machine's GPU, part by part. */
@Command(name = "gpu-check.sh", sortOptions = false,
        description = "Checks the GPU backend on this machine's GPU and measures it, beside PyTorch where that is "
                + "here.",
        footer = {"", "Writes gpu-check.json, gpu-check.md and gpu-check.log, after each part anew.",
            "A part that fails is recorded, and the next begins. Exit status: 0 all passed,",
            "1 a part failed or found no time, 2 no GPU or wrong options."})
public final class GpuCheck implements Callable<Integer> {

    /** The parts in their order, and the most that each may take. */
    enum Part {
        VERIFY(120), TRAINING(90), BANDWIDTH(40), MATMUL(60), STEP(240), PRETEXT(120), SAM(90), KERNELS(120),
        PROFILE(40), LOSSES(90);

        private final Duration budget;

        Part(int seconds) {
            budget = Duration.ofSeconds(seconds);
        }

        @Override
        public String toString() {
            return name().toLowerCase(Locale.ROOT);
        }
    }

    /** To open the GPU and load its libraries from a cold disk. */
    private static final Duration OPENING = Duration.ofSeconds(90);
    /** A longer one would cost the timed parts more than the compiled step is worth. */
    private static final Duration COMPILATION = Duration.ofSeconds(150);

    @Option(names = {"-h", "--help"}, usageHelp = true, description = "Shows this and ends.")
    private boolean help;

    @Option(names = "--out", paramLabel = "DIR", defaultValue = "gpu-check",
            description = "Folder for the results (default: ${DEFAULT-VALUE}).")
    private Path out;

    @Option(names = "--parts", split = ",", paramLabel = "PART",
            description = "Only these of: ${COMPLETION-CANDIDATES}; all by default.")
    private List<Part> parts = List.of(Part.values());

    @Option(names = "--golden", paramLabel = "DIR", description = "A golden set for osteon verify to compute as well.")
    private Optional<Path> golden;

    @Option(names = "--sam", paramLabel = "FILE",
            description = "A SAM encoder in ONNX to time; without one that part is left out.")
    private Optional<Path> sam;

    @Option(names = "--python", paramLabel = "FILE", defaultValue = "python3",
            description = "A Python with PyTorch (default: ${DEFAULT-VALUE}); without one, ours alone is timed.")
    private String python;

    @Option(names = "--peer", hidden = true, paramLabel = "FILE", description = "PyTorch's side.")
    private Path peer = Path.of("bench", "gpu_peer.py");

    @Option(names = "--batches", split = ",", paramLabel = "N", description = "Batches of the ResNet-50 step.")
    private List<Integer> batches = List.of(64, 128, 256);

    @Option(names = "--minutes", defaultValue = "9", description = "Time for everything (default: ${DEFAULT-VALUE}).")
    private double minutes;

    @Option(names = "--rounds", defaultValue = "5", description = "Rounds of each comparison; the median counts.")
    private int rounds;

    @Option(names = "--quick", description = "Tiny shapes, for trying the script itself, on the host emulator say.")
    private boolean quick;

    private final Instant start = Instant.now();

    public static void main(String[] arguments) {
        System.exit(commandLine().execute(arguments));
    }

    /** The command line; tests run it in process. */
    static CommandLine commandLine() {
        CommandLine line = new CommandLine(new GpuCheck()).setCaseInsensitiveEnumValuesAllowed(true);
        line.setExecutionExceptionHandler((e, command, parsed) -> {
            command.getErr().println("gpu-check: " + e.getMessage());
            if (!(e instanceof UserError)) {
                e.printStackTrace(command.getErr());
            }
            return e instanceof UserError ? 2 : 1;
        });
        return line;
    }

    @Override
    public Integer call() throws IOException {
        if (!(minutes > 0) || rounds < 1 || batches.stream().anyMatch(batch -> batch < 1)) {
            throw new UserError("given " + minutes + " minutes, " + rounds + " rounds and batches " + batches
                    + "; expected numbers above 0");
        }
        Files.createDirectories(out);
        Path log = out.resolve("gpu-check.log");
        Files.writeString(log, "");
        Instant end = start.plusMillis((long) (minutes * 60_000));
        Bench bench = new Bench(quick ? Scale.QUICK : Scale.FULL, rounds, Optional.empty(), log, end);
        Output device = bench.until(start.plus(OPENING)).child("about", bench.scale().word());
        String about = device.lines().isEmpty() ? "" : device.lines().getLast();
        if (device.exit() != 0 || about.isEmpty()) {
            throw new UserError(Files.readString(log).lines().filter(line -> line.contains("asked for")).findFirst()
                    .orElse("the GPU could not be opened; " + log + " says why"));
        }
        boolean emulator = about.startsWith("emulator ");
        if (emulator && !quick) {
            throw new UserError("the device is the host emulator, whose times say nothing of a GPU; add --quick to try "
                    + "the script itself");
        }
        Report report = new Report(out, about.substring(about.indexOf(' ') + 1), emulator);
        report.fact("command", Optional.ofNullable(System.getenv("OSTEON_CHECK")).orElse("bench/gpu-check.sh"));
        report.fact("commit", Optional.ofNullable(System.getenv("OSTEON_COMMIT")).orElse("unknown"));
        report.fact("machine", Machine.describe());
        String torch = pytorch(bench);
        report.fact("PyTorch", torch);
        report.fact("nvidia-smi before", smi(bench));
        run(torch.startsWith("{") ? new Bench(bench.scale(), rounds, Optional.of(peerCommand(emulator)), log, end)
                : bench, report);
        report.fact("nvidia-smi after", smi(bench));
        report.fact("seconds", Duration.between(start, Instant.now()).toSeconds());
        report.save();
        System.out.println("results: " + out.resolve("gpu-check.md") + ", .json, .log");
        return report.failures().isEmpty() ? 0 : 1;
    }

    private void run(Bench bench, Report report) {
        Set<Integer> compiled = new ConcurrentSkipListSet<>();
        Instant compiledBy = start.plus(COMPILATION);
        Thread compilation = Thread.ofVirtual().unstarted(() -> Timings.compile(bench.until(compiledBy),
                sizes().reversed(), compiled));
        if (bench.peer().isPresent() && parts.contains(Part.STEP) && !quick) {
            compilation.start();
        }
        OptionalDouble[] copy = {OptionalDouble.empty()};
        for (Part part : Arrays.stream(Part.values()).filter(this::isWanted).toList()) {
            if (part.compareTo(Part.BANDWIDTH) >= 0) {
                await(compilation);
            }
            Instant now = Instant.now();
            Instant end = Stream.of(now.plus(part.budget), bench.end()).min(Instant::compareTo).orElseThrow();
            Section section = new Section();
            if (!end.isAfter(now)) {
                section.failed("not run: the time was used up");
            } else {
                System.err.println("gpu-check: " + part + " begins");
                try {
                    section = part(part, bench.until(end), copy, compiled);
                } catch (IOException | RuntimeException e) {
                    section.failed(String.valueOf(e.getMessage()));
                }
            }
            report.add(part.toString(), section, Duration.between(now, Instant.now()));
        }
    }

    private boolean isWanted(Part part) {
        return parts.contains(part) && (part != Part.SAM || sam.isPresent());
    }

    private Section part(Part part, Bench bench, OptionalDouble[] copy, Set<Integer> compiled) throws IOException {
        return switch (part) {
            case VERIFY -> Checks.verify(bench, golden);
            case TRAINING -> Checks.training(bench);
            case BANDWIDTH -> {
                Section section = new Section();
                copy[0] = Timings.bandwidth(bench, section);
                yield section;
            }
            case MATMUL -> Timings.matmul(bench);
            case STEP -> Timings.steps(bench, sizes(), compiled);
            case PRETEXT -> Timings.pretext(bench);
            case SAM -> Timings.sam(bench, sam);
            case KERNELS -> Timings.kernels(bench, copy[0]);
            case LOSSES -> Timings.losses(bench);
            case PROFILE -> Timings.profile(bench, sam);
        };
    }

    private List<Integer> sizes() {
        return quick ? List.of(2) : batches;
    }

    private static void await(Thread compilation) {
        try {
            compilation.join();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private List<String> peerCommand(boolean emulator) {
        return List.of(python, peer.toString(), emulator ? "cpu" : "cuda",
                String.valueOf((quick ? Scale.QUICK : Scale.FULL).sizes().turnMillis()));
    }

    /** Versions of PyTorch's side as JSON, or why there is none. */
    private String pytorch(Bench bench) {
        try {
            Output output = bench.run(List.of(python, peer.toString(), "about"));
            return output.exit() == 0 && !output.lines().isEmpty() ? output.lines().getLast()
                    : "not here: " + python + " cannot import it (--python names another)";
        } catch (IOException e) {
            return "not here: " + e.getMessage();
        }
    }

    private static String smi(Bench bench) {
        try {
            return String.join("; ", bench.run(List.of("nvidia-smi", "--query-gpu=name,driver_version,memory.total,"
                    + "clocks.sm,clocks.mem,clocks.max.sm,clocks.max.mem,power.draw,power.limit,temperature.gpu,pstate,"
                    + "mig.mode.current,ecc.mode.current", "--format=csv")).lines());
        } catch (IOException e) {
            return "not here";
        }
    }
}
