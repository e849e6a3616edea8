package dev.osteon.app.command;

import com.fasterxml.jackson.databind.JsonNode;
import dev.osteon.app.UserError;
import dev.osteon.app.run.Devices;
import dev.osteon.app.run.Progress;
import dev.osteon.app.verify.GoldenSet;
import dev.osteon.app.verify.GoldenSet.Result;
import dev.osteon.app.verify.GoldenSet.Verdict;
import dev.osteon.engine.conformance.Conformance;
import dev.osteon.engine.conformance.OpSample;
import dev.osteon.engine.conformance.OpSamples;
import dev.osteon.engine.tensor.Device;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.Callable;
import org.apache.commons.text.similarity.LevenshteinDistance;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code osteon verify}: checks this installation's numerics. */
@Command(name = "verify", description = "Checks the numerics: gradients, backends against the reference, golden sets.",
        footer = {"", "Examples:", "  osteon verify", "  osteon verify --golden DIR --device cpu --family nt_xent", "",
            "Without --golden every operation is checked: its gradient against central",
            "differences in float64, and its results and gradients on the device against the",
            "reference backend. With --golden every case of the set is computed as well: in",
            "float64 on the reference backend, in float32 on others. The last line counts",
            "what passed, failed and was skipped; the exit code is 1 when anything failed."})
public final class VerifyCommand implements Callable<Integer> {

    private static final String OPERATIONS = "operations";

    @Spec
    private CommandSpec spec;

    @Option(names = "--golden", paramLabel = "DIR", description = "A folder with manifest.json and safetensors files.")
    private Optional<Path> golden;

    @Option(names = "--device", defaultValue = "all", description = "cpu, reference, cuda or all (default).")
    private String device;

    @Option(names = "--family", description = "Only this family of the golden set, or \"operations\".")
    private Optional<String> family;

    @Override
    public Integer call() {
        List<Device> devices = device.equals("all") ? List.of(Device.REFERENCE, Devices.choose("cpu", 0))
                : List.of(Devices.choose(device, 0));
        Optional<GoldenSet> set = golden.map(GoldenSet::open);
        requireKnown(set);
        Progress progress = Progress.onConsole();
        progress.begin("verify");
        List<Result> results = new ArrayList<>();
        if (wanted(OPERATIONS)) {
            operations(devices, results, progress);
        }
        set.ifPresent(s -> cases(s, devices, results, progress));
        progress.end();
        return print(spec.commandLine().getOut(), results);
    }

    private boolean wanted(String name) {
        return family.isEmpty() || family.get().equals(name);
    }

    private void requireKnown(Optional<GoldenSet> set) {
        Set<String> known = new TreeSet<>(Set.of(OPERATIONS));
        set.ifPresent(s -> known.addAll(s.familyNames()));
        if (family.isPresent() && !known.contains(family.get())) {
            String nearest = known.stream().min(Comparator.comparingInt(
                    k -> LevenshteinDistance.getDefaultInstance().apply(k, family.get()))).orElse("");
            throw new UserError("--family: given " + family.get() + "; expected one of " + known + "; is " + nearest
                    + " meant?");
        }
    }

    private static void operations(List<Device> devices, List<Result> results, Progress progress) {
        List<OpSample> samples = OpSamples.all();
        for (int i = 0; i < samples.size(); i++) {
            OpSample sample = samples.get(i);
            if (devices.contains(Device.REFERENCE) && Conformance.hasGradient(sample)) {
                results.add(result("gradients", Device.REFERENCE, Conformance.gradient(sample)));
            }
            for (Device device : devices) {
                if (!device.equals(Device.REFERENCE)) {
                    results.add(result(OPERATIONS, device, Conformance.against(sample, device)));
                }
            }
            progress.update(i + 1L, samples.size(), "samples", "operations");
        }
    }

    private static Result result(String family, Device device, Conformance.Outcome outcome) {
        return new Result(family, outcome.sample().name(), device, outcome.passed() ? Verdict.PASSED : Verdict.FAILED,
                outcome.passed() ? 0 : Double.POSITIVE_INFINITY, outcome.detail());
    }

    private void cases(GoldenSet set, List<Device> devices, List<Result> results, Progress progress) {
        List<JsonNode> chosen = set.cases().stream().filter(c -> wanted(c.path("family").asText())).toList();
        int done = 0;
        for (Device on : devices) {
            for (JsonNode entry : chosen) {
                results.add(set.run(entry, on));
                progress.update(++done, (long) devices.size() * chosen.size(), "cases", entry.path("id").asText());
            }
        }
    }

    private static int print(PrintWriter out, List<Result> results) {
        Map<String, List<Result>> rows = new LinkedHashMap<>();
        results.forEach(r -> rows.computeIfAbsent(String.format("%-24s%-12s", r.family(), r.device()),
                key -> new ArrayList<>()).add(r));
        out.printf("%-24s%-12s%8s%8s%8s   %s%n", "family", "device", "passed", "failed", "skipped",
                "largest error of tolerance");
        rows.forEach((name, of) -> out.printf(Locale.ROOT, "%s%8d%8d%8d   %s%n", name, count(of, Verdict.PASSED),
                count(of, Verdict.FAILED), count(of, Verdict.SKIPPED), worst(of)));
        results.stream().filter(r -> r.verdict() == Verdict.FAILED).forEach(r -> out.printf("FAILED %s %s on %s: %s%n",
                r.family(), r.id(), r.device(), r.detail()));
        Set<String> skipped = new TreeSet<>();
        results.stream().filter(r -> r.verdict() == Verdict.SKIPPED).forEach(r -> skipped.add(r.family()));
        if (!skipped.isEmpty()) {
            out.println("Skipped, for want of the feature: " + String.join(", ", skipped));
        }
        long failed = count(results, Verdict.FAILED);
        out.printf("%d passed, %d failed, %d skipped%n", count(results, Verdict.PASSED), failed,
                count(results, Verdict.SKIPPED));
        out.flush();
        return failed > 0 ? 1 : 0;
    }

    private static String worst(List<Result> results) {
        double worst = results.stream().filter(r -> r.verdict() != Verdict.SKIPPED).mapToDouble(Result::share).max()
                .orElse(0);
        return worst == 0 ? "" : String.format(Locale.ROOT, "%.1f %%", 100 * worst);
    }

    private static long count(List<Result> results, Verdict verdict) {
        return results.stream().filter(r -> r.verdict() == verdict).count();
    }
}
