package dev.osteon.bench.loss;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;
import dev.osteon.bench.Machine;
import dev.osteon.bench.loss.LossWork.Outcome;
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
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.results.RunResult;
import org.openjdk.jmh.runner.Runner;
import org.openjdk.jmh.runner.RunnerException;
import org.openjdk.jmh.runner.options.ChainedOptionsBuilder;
import org.openjdk.jmh.runner.options.OptionsBuilder;
import org.openjdk.jmh.runner.options.VerboseMode;

/** All losses, ours and libtorch's in turn, round after round; each measurement is a JMH fork of its own. */
public final class LossComparison {

    private static final List<Class<? extends LossBenchmark>> BENCHMARKS = List.of(NtXentBenchmark.class,
            SupConBenchmark.class, SwavBenchmark.class, SinkhornBenchmark.class, VicRegBenchmark.class,
            LarcBenchmark.class);
    private static final List<String> IMPLEMENTATIONS = List.of("osteon", "libtorch");

    private LossComparison() {}

    /** @param arguments rounds, the file to write the result to, and the commit that is measured */
    public static void main(String[] arguments) throws IOException, RunnerException {
        System.setProperty("jmh.ignoreLock", "true");
        List<Case> cases = BENCHMARKS.stream().flatMap(type -> Case.of(type).stream()).toList();
        int rounds = Integer.parseInt(arguments[0]);
        for (int round = 0; round < rounds; round++) {
            for (Case each : cases) {
                each.measure();
                System.err.printf(Locale.ROOT, "round %d of %d: %s%n", round + 1, rounds, each.row());
            }
            write(Path.of(arguments[1]), arguments[2], round + 1, cases);   // so that a run cut short leaves its rounds
        }
        System.out.println("| loss | osteon ms | libtorch ms | libtorch / osteon | min – max |\n|---|---|---|---|---|");
        cases.forEach(each -> System.out.println(each.row()));
    }

    private static void write(Path file, String commit, int rounds, List<Case> cases) throws IOException {
        Map<String, Object> result = new LinkedHashMap<>();
        result.put("work", "losses, forward and backward, float32, d " + LossSuite.DIM + ", " + LossSuite.THREADS
                + " threads; milliseconds, medians of JMH's iterations");
        result.put("machine", Machine.describe());
        result.put("commit", commit);
        result.put("rounds", rounds);
        cases.forEach(each -> result.put(each.name(), each.summary()));
        AtomicFile.write(file, new ObjectMapper().enable(SerializationFeature.INDENT_OUTPUT)
                .writeValueAsString(result) + "\n");
    }

    /**
     * A benchmark at one size.
     *
     * @param n  its samples, empty where it has no size
     * @param ms for each implementation, the median of each round
     */
    private record Case(Class<? extends LossBenchmark> type, String n, Map<String, List<Double>> ms) {

        static List<Case> of(Class<? extends LossBenchmark> type) {
            return Arrays.stream(type.getDeclaredFields()).filter(field -> field.getName().equals("n"))
                    .map(field -> field.getAnnotation(Param.class).value()).findFirst().map(List::of)
                    .orElse(List.of("")).stream().map(n -> {
                        Map<String, List<Double>> ms = new LinkedHashMap<>();
                        IMPLEMENTATIONS.forEach(name -> ms.put(name, new ArrayList<>()));
                        return new Case(type, n, ms);
                    }).toList();
        }

        String name() {
            String loss = type.getSimpleName().replace("Benchmark", "");
            return n.isEmpty() ? loss : loss + " n " + n;
        }

        void measure() throws IOException, RunnerException {
            List<Outcome> outcomes = new ArrayList<>();
            for (String implementation : IMPLEMENTATIONS) {
                Path file = Files.createTempFile("osteon", ".outcome");
                ChainedOptionsBuilder options = new OptionsBuilder().include(type.getName() + ".run$")
                        .param("implementation", implementation).verbosity(VerboseMode.SILENT).shouldFailOnError(true)
                        .jvmArgsAppend("-D" + LossBenchmark.OUTCOME_FILE + "=" + file);
                if (!n.isEmpty()) {
                    options.param("n", n);
                }
                ms.get(implementation).add(median(new Runner(options.build()).runSingle()));
                String[] numbers = Files.readString(file).split(" ");
                outcomes.add(new Outcome(Double.parseDouble(numbers[0]), Double.parseDouble(numbers[1])));
                Files.delete(file);
            }
            if (!outcomes.getFirst().agreesWith(outcomes.getLast())) {
                throw new IllegalStateException(name() + ": " + IMPLEMENTATIONS + " give " + outcomes
                        + "; expected the same values to 1e-4 and norms to 1e-3");
            }
        }

        private static double median(RunResult result) {
            return middle(result.getBenchmarkResults().stream().flatMap(r -> r.getIterationResults().stream())
                    .mapToDouble(iteration -> iteration.getPrimaryResult().getScore()).toArray());
        }

        private static double middle(double... values) {
            double[] sorted = values.clone();
            Arrays.sort(sorted);
            return (sorted[sorted.length / 2] + sorted[(sorted.length - 1) / 2]) / 2;
        }

        private double median(String implementation) {
            return middle(ms.get(implementation).stream().mapToDouble(Double::doubleValue).toArray());
        }

        /** libtorch's time by ours, round by round. */
        private double[] ratios() {
            List<Double> ours = ms.get(IMPLEMENTATIONS.getFirst());
            List<Double> peers = ms.get(IMPLEMENTATIONS.getLast());
            double[] ratios = new double[ours.size()];
            Arrays.setAll(ratios, i -> peers.get(i) / ours.get(i));
            return ratios;
        }

        Map<String, Object> summary() {
            double[] ratios = ratios();
            Map<String, Object> summary = new LinkedHashMap<>();
            ms.forEach((implementation, times) -> summary.put(implementation + " ms", median(implementation)));
            ms.forEach((implementation, times) -> summary.put(implementation + " ms, round by round", times));
            summary.put("libtorch / osteon, round by round", ratios);
            summary.put("median", middle(ratios));
            summary.put("min", Arrays.stream(ratios).min().orElseThrow());
            summary.put("max", Arrays.stream(ratios).max().orElseThrow());
            return summary;
        }

        String row() {
            double[] ratios = ratios();
            return String.format(Locale.ROOT, "| %s | %.3g | %.3g | **%.2f** | %.2f – %.2f |", name(),
                    median("osteon"), median("libtorch"), middle(ratios), Arrays.stream(ratios).min().orElseThrow(),
                    Arrays.stream(ratios).max().orElseThrow());
        }
    }
}
