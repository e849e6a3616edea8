package dev.osteon.bench.run;

import dev.osteon.app.UserError;
import dev.osteon.bench.ComparedBenchmark;
import java.lang.reflect.Field;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.openjdk.jmh.annotations.Param;

/**
 * A benchmark at one value of each of its parameters.
 *
 * @param parameters those of the benchmark itself, in the order of its fields
 */
public record BenchmarkCase(Class<? extends ComparedBenchmark> type, Map<String, String> parameters) {

    /** Every combination of the values of its {@code @Param} fields, or of those chosen by the field's name. */
    static List<BenchmarkCase> of(Class<? extends ComparedBenchmark> type, Map<String, List<String>> chosen) {
        List<Map<String, String>> combinations = List.of(Map.of());
        for (Field field : parameterFields(type)) {
            List<String> values = chosen.getOrDefault(field.getName(),
                    List.of(field.getAnnotation(Param.class).value()));
            List<Map<String, String>> longer = new ArrayList<>();
            for (Map<String, String> combination : combinations) {
                for (String value : values) {
                    Map<String, String> more = new LinkedHashMap<>(combination);
                    more.put(field.getName(), value);
                    longer.add(more);
                }
            }
            combinations = longer;
        }
        return combinations.stream().map(parameters -> new BenchmarkCase(type, parameters)).toList();
    }

    /** The first value of each parameter that none was chosen for, and those chosen. */
    static Map<String, List<String>> firstValues(Class<? extends ComparedBenchmark> type,
            Map<String, List<String>> chosen) {
        Map<String, List<String>> first = new LinkedHashMap<>(chosen);
        parameterFields(type).forEach(field -> first.putIfAbsent(field.getName(),
                List.of(field.getAnnotation(Param.class).value()[0])));
        return first;
    }

    static List<Field> parameterFields(Class<? extends ComparedBenchmark> type) {
        return Arrays.stream(type.getDeclaredFields()).filter(field -> field.isAnnotationPresent(Param.class))
                .toList();
    }

    /** The benchmark's name and its parameters' values: {@code NtXent 1024}. */
    public String name() {
        return benchmark() + (parameters.isEmpty() ? "" : " " + String.join(" ", parameters.values()));
    }

    /** The benchmark's name: that of its class. */
    public String benchmark() {
        return type.getSimpleName().replace("Benchmark", "");
    }

    /**
     * The benchmark with its parameters set, as JMH will have it.
     *
     * @throws UserError when a value is none for its field
     */
    public ComparedBenchmark instance() {
        try {
            ComparedBenchmark benchmark = type.getConstructor().newInstance();
            for (Field field : parameterFields(type)) {
                String value = parameters.get(field.getName());
                field.set(benchmark, field.getType() == int.class ? (Object) Integer.valueOf(value) : value);
            }
            return benchmark;
        } catch (NumberFormatException e) {
            throw new UserError("--param: given " + name() + "; expected whole numbers where the default ones are: see "
                    + "osteon bench --list", e);
        } catch (ReflectiveOperationException e) {
            throw new IllegalStateException(type + " is no benchmark: it has to have public fields and to be made "
                    + "without arguments", e);
        }
    }
}
