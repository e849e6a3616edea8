package dev.osteon.app.command;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.osteon.app.UserError;
import dev.osteon.app.run.Devices;
import dev.osteon.models.onnx.conformance.Outcome;
import dev.osteon.models.onnx.conformance.Outcome.Verdict;
import dev.osteon.models.onnx.conformance.Runner;
import dev.osteon.models.onnx.conformance.TestCase;
import dev.osteon.models.onnx.conformance.TestSuite;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code osteon onnx conformance}: ONNX's own tests on this engine. */
@Command(name = "conformance", mixinStandardHelpOptions = true,
        description = "Runs ONNX's backend tests and prints each result and a table by operation.",
        footer = {"", "Examples:", "  osteon onnx conformance onnx-node-tests.tar.gz",
            "  osteon onnx conformance DIR --ops-list ops.json --device reference", "",
            "Compared as ONNX does: 1e-7 absolute, 1e-3 relative. A test is skipped only for",
            "a reason that its line gives: an operation, an element type, control flow. The",
            "exit code is 1 when a test fails."})
public final class OnnxConformanceCommand implements Callable<Integer> {

    @Spec
    private CommandSpec spec;

    @Parameters(index = "0", paramLabel = "DIR|TARBALL",
            description = "Folders with model.onnx and test_data_set_K, or a .tar.gz of them.")
    private Path suite;

    @Option(names = "--ops-list", paramLabel = "FILE",
            description = "JSON with the names of the tests to run by operation: {\"Add\": [\"test_add\", …], …}.")
    private Optional<Path> list;

    @Option(names = "--device", defaultValue = "cpu", description = "cpu (default) or reference.")
    private String device;

    @Override
    public Integer call() throws IOException {
        PrintWriter out = spec.commandLine().getOut();
        Map<String, String> chosen = chosen();
        List<TestCase> cases = TestSuite.read(suite);
        Runner runner = new Runner(Devices.choose(device, 0));
        List<Outcome> outcomes = new ArrayList<>();
        for (TestCase test : cases) {
            if (list.isEmpty() || chosen.containsKey(test.name())) {
                Outcome outcome = runner.run(test);
                outcomes.add(new Outcome(outcome.name(), chosen.getOrDefault(test.name(), outcome.ops()),
                        outcome.verdict(), outcome.detail()));
                out.println(outcome.verdict().name().toLowerCase(java.util.Locale.ROOT) + " " + outcome.name()
                        + (outcome.detail().isEmpty() ? "" : ": " + outcome.detail()));
            }
        }
        chosen.keySet().stream().filter(name -> cases.stream().noneMatch(c -> c.name().equals(name)))
                .forEach(name -> outcomes.add(new Outcome(name, chosen.get(name), Verdict.FAILED, "not in the suite")));
        table(out, outcomes);
        out.flush();
        return outcomes.stream().anyMatch(o -> o.verdict() == Verdict.FAILED) ? 1 : 0;
    }

    /** The tests of the list with the operation that each stands under. */
    private Map<String, String> chosen() throws IOException {
        Map<String, String> chosen = new LinkedHashMap<>();
        if (list.isPresent()) {
            JsonNode root = new ObjectMapper().readTree(list.get().toFile());
            if (!root.isObject()) {
                throw new UserError("--ops-list " + list.get() + ": expected an object of lists of test names");
            }
            root.properties().forEach(op -> op.getValue().forEach(test -> chosen.put(test.asText(), op.getKey())));
        }
        return chosen;
    }

    private static void table(PrintWriter out, List<Outcome> outcomes) {
        Map<String, int[]> rows = new TreeMap<>();
        int[] total = new int[Verdict.values().length];
        for (Outcome outcome : outcomes) {
            rows.computeIfAbsent(outcome.ops(), op -> new int[total.length])[outcome.verdict().ordinal()]++;
            total[outcome.verdict().ordinal()]++;
        }
        out.printf("%-40s%8s%8s%8s%n", "operation", "passed", "failed", "skipped");
        rows.forEach((op, n) -> out.printf("%-40s%8d%8d%8d%n", op, n[0], n[1], n[2]));
        out.printf("%d passed, %d failed, %d skipped%n", total[0], total[1], total[2]);
    }
}
