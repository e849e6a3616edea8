package dev.osteon.bench.run;

import com.fasterxml.jackson.databind.ObjectMapper;
import dev.osteon.bench.ComparedBenchmark;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collection;
import java.util.List;
import java.util.regex.Pattern;
import org.openjdk.jmh.results.RunResult;
import org.openjdk.jmh.runner.Runner;
import org.openjdk.jmh.runner.RunnerException;
import org.openjdk.jmh.runner.options.ChainedOptionsBuilder;
import org.openjdk.jmh.runner.options.OptionsBuilder;
import org.openjdk.jmh.runner.options.TimeValue;
import org.openjdk.jmh.runner.options.VerboseMode;

/**
 * One measurement by JMH, in a process made for it. JMH's own forks have this process's class path and environment;
 * peers need theirs.
 */
final class ForkMain {

    private static final TimeValue SHORT = TimeValue.milliseconds(50);

    private ForkMain() {}

    /** @param arguments file for the {@link Measurement}, class, implementation, length, parameters as NAME=VALUE */
    public static void main(String[] arguments) throws IOException {
        System.setProperty("jmh.ignoreLock", "true");
        List<String> words = List.of(arguments);
        Measurement measurement;
        try {
            measurement = measure(words.get(1), words.get(2), Fork.Length.valueOf(words.get(3)), words.subList(4,
                    words.size()));
        } catch (RunnerException e) {
            e.printStackTrace();
            measurement = Measurement.failed(reason(e));
        }
        Files.writeString(Path.of(words.getFirst()), new ObjectMapper().writeValueAsString(measurement));
        System.exit(0);         // peers leave threads behind
    }

    private static Measurement measure(String benchmark, String implementation, Fork.Length length,
            List<String> parameters) throws RunnerException {
        ChainedOptionsBuilder options = new OptionsBuilder().include("^" + Pattern.quote(benchmark + ".run") + "$")
                .forks(0).syncIterations(false).verbosity(VerboseMode.SILENT).shouldFailOnError(true)
                .param("implementation", implementation);
        for (String parameter : parameters) {
            String[] sides = parameter.split("=", 2);
            options.param(sides[0], sides[1]);
        }
        if (length == Fork.Length.QUICK) {
            options.warmupIterations(1).warmupTime(SHORT).measurementIterations(1).measurementTime(SHORT);
        }
        RunResult result = new Runner(options.build()).runSingle();
        List<Double> milliseconds = result.getBenchmarkResults().stream().map(r -> r.getIterationResults())
                .flatMap(Collection::stream).map(iteration -> 1e3 / iteration.getPrimaryResult().getScore()).toList();
        ComparedBenchmark.Prepared prepared = ComparedBenchmark.prepared();
        return new Measurement(prepared.description(), milliseconds, peakKib(), prepared.operations(),
                prepared.outcome().map(outcome -> List.of(outcome.value(), outcome.norm())).orElse(List.of()), "");
    }

    /** JMH puts what a benchmark threw below an exception of its own, as suppressed or as the cause. */
    private static String reason(Throwable thrown) {
        Throwable deepest = thrown;
        for (int depth = 0; depth < 20; depth++) {
            Throwable below = deepest.getSuppressed().length > 0 ? deepest.getSuppressed()[0] : deepest.getCause();
            if (below == null) {
                break;
            }
            deepest = below;
        }
        String message = deepest.getMessage();
        return message == null || message.isBlank() ? deepest.toString() : message.lines().findFirst().orElseThrow();
    }

    /** The most memory that this process had in use. */
    private static long peakKib() {
        try {
            return Files.readAllLines(Path.of("/proc/self/status")).stream().filter(line -> line.startsWith("VmHWM"))
                    .mapToLong(line -> Long.parseLong(line.replaceAll("\\D", ""))).findFirst().orElse(0);
        } catch (IOException notLinux) {
            return 0;
        }
    }
}
