package dev.osteon.bench.gpu;

import static dev.osteon.bench.gpu.Comparison.number;

import dev.osteon.bench.gpu.Bench.Output;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** The parts that check: nothing in them is timed. */
final class Checks {

    /** Largest deviation of the smoke run's first epoch from the CPU's, as a share of it. */
    private static final double EPOCH_BAND = 1e-2;

    private Checks() {}

    /** {@code osteon verify --device cuda}. */
    static Section verify(Bench bench, Optional<Path> golden) throws IOException {
        List<String> arguments = new ArrayList<>(List.of("verify", "--device", "cuda"));
        golden.ifPresent(folder -> arguments.addAll(List.of("--golden", folder.toString())));
        Section section = new Section();
        Output output = bench.osteon(arguments);
        String last = output.lines().isEmpty() ? "nothing" : output.lines().getLast();
        section.fact("command", "osteon " + String.join(" ", arguments));
        section.fact("output", output.lines());
        section.line("`osteon " + String.join(" ", arguments) + "`: " + last);
        output.lines().stream().filter(line -> line.startsWith("FAILED")).limit(40)
                .forEach(line -> section.line("- " + line));
        ended(section, output, "verify", last);
        return section;
    }

    private static void ended(Section section, Output output, String what, String last) {
        if (output.late()) {
            section.failed(what + ": stopped, for its time was used up");
        } else if (output.exit() != 0) {
            section.failed(what + " ended with exit status " + output.exit() + ": " + last);
        }
    }

    /** Losses step by step, and the smoke run's first epoch, beside the CPU's. */
    static Section training(Bench bench) throws IOException {
        Section section = new Section();
        Output output = bench.child("training", bench.scale().word());
        List<Map<String, Object>> rows = output.rows();
        section.fact("steps", rows);
        section.line("A ResNet-18 on the GPU and in float32 on the CPU, from the same weights, ten SGD steps:");
        section.header("GPU", "CPU's losses", "GPU's losses", "largest deviation", "band", "within");
        rows.forEach(row -> section.row(row.get("run"), losses(row.get("CPU f32")), losses(row.get("GPU")),
                row.get("largest deviation"), row.get("band"), row.get("within the band")));
        ended(section, output, "training", rows.isEmpty() ? "no result; the log says why" : "see the table");
        section.attempt(() -> smoke(bench, section));
        return section;
    }

    private static String losses(Object numbers) {
        return numbers instanceof List<?> list ? String.join(" ", list.stream()
                .map(n -> String.format(java.util.Locale.ROOT, "%.4f", ((Number) n).doubleValue())).toList()) : "";
    }

    /** The whole command on both devices; the first epoch alone is compared, for later ones part on the last bit. */
    private static void smoke(Bench bench, Section section) throws IOException {
        Path folder = Files.createTempDirectory("osteon-smoke");
        double gpu = firstEpoch(bench, folder.resolve("cuda"), "cuda");
        double cpu = firstEpoch(bench, folder.resolve("cpu"), "cpu");
        double deviation = Math.abs(gpu - cpu) / Math.abs(cpu);
        section.fact("osteon run", Map.of("GPU", gpu, "CPU", cpu, "band", EPOCH_BAND));
        section.line("");
        section.line("`osteon run --preset smoke`, pretext loss of the first epoch: GPU " + gpu + ", CPU " + cpu
                + ", deviation " + number(100 * deviation) + " % (band " + 100 * EPOCH_BAND + " %)");
        if (!(deviation <= EPOCH_BAND)) {
            section.failed("osteon run: the first epoch's loss is " + gpu + " on the GPU and " + cpu
                    + " on the CPU; expected a deviation of " + 100 * EPOCH_BAND + " % at most");
        }
    }

    private static double firstEpoch(Bench bench, Path run, String device) throws IOException {
        List<String> arguments = new ArrayList<>(List.of("run", "--preset", "smoke", "--device", device,
                "--precision", "float32", "--out", run.toString()));
        if (bench.scale() == Bench.Scale.QUICK) {
            arguments.addAll(List.of("data.subjects=24", "pretrain.epochs=1", "probe.epochs=5",
                    "evaluation.resamples=20", "views.globalSize=16", "views.localSize=8", "encoder.width=4",
                    "probe.size=16"));
        }
        Output output = bench.osteon(arguments);
        if (output.late() || output.exit() != 0) {
            throw new IOException("osteon run --device " + device + (output.late() ? ": stopped, for its time was used "
                    + "up" : " ended with exit status " + output.exit() + "; the log says why"));
        }
        return Files.readAllLines(run.resolve("curves.csv")).stream().filter(row -> row.startsWith("pretext,"))
                .mapToDouble(row -> Double.parseDouble(row.split(",")[2])).findFirst()
                .orElseThrow(() -> new IOException("osteon run --device " + device + " left no pretext loss"));
    }
}
