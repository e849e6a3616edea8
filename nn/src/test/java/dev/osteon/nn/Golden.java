package dev.osteon.nn;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.osteon.engine.memory.TensorScope;
import dev.osteon.engine.tensor.DType;
import dev.osteon.engine.tensor.Device;
import dev.osteon.engine.tensor.Shape;
import dev.osteon.engine.tensor.Tensor;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** One case of the golden vectors: its manifest entry and its tensors. */
public record Golden(JsonNode entry, Weights tensors) {

    private static final ObjectMapper JSON = new ObjectMapper();

    /** The cases of a family; the test is skipped without the vectors, but fails where CI=true promises them. */
    public static List<Golden> family(String family) {
        Optional<Path> folder = SharedData.find("golden");
        if (folder.isEmpty() && "true".equals(System.getenv("CI"))) {
            throw new AssertionError("no shared/golden next to the repository; set -Dosteon.shared");
        }
        assumeTrue(folder.isPresent(), "no shared/golden next to the repository: golden vectors are not checked");
        List<Golden> cases = new ArrayList<>();
        try {
            for (JsonNode entry : JSON.readTree(folder.get().resolve("manifest.json").toFile()).get("cases")) {
                if (entry.get("family").asText().equals(family)) {
                    cases.add(new Golden(entry, Weights.read(folder.get().resolve(entry.get("file").asText()))));
                }
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        assertThat(cases).as("cases of " + family).isNotEmpty();
        return cases;
    }

    @Override
    public String toString() {
        return id();
    }

    public String id() {
        return entry.get("id").asText();
    }

    public JsonNode hyper(String name) {
        return entry.get("hyper").get(name);
    }

    public double number(String name) {
        return hyper(name).asDouble();
    }

    public List<String> strings(String name) {
        List<String> all = new ArrayList<>();
        hyper(name).forEach(node -> all.add(node.asText()));
        return all;
    }

    public boolean has(String name) {
        return tensors.tensors().containsKey(name);
    }

    public double[] values(String name) {
        return tensors.tensors().get(name).values().get();
    }

    public Shape shape(String name) {
        return tensors.tensors().get(name).shape();
    }

    /** The float64 tensor on the reference backend, in the innermost scope. */
    public Tensor tensor(String name) {
        return Tensor.of(Device.REFERENCE, shape(name), DType.F64, values(name));
    }

    /** The float64 parameter {@code param.NAME} on the reference backend. */
    public Parameter parameter(String name) {
        return Parameter.of(name, Device.REFERENCE, shape("param." + name), DType.F64, values("param." + name));
    }

    /** Row {@code k} of the first dimension. */
    public Tensor row(String name, int k) {
        try (TensorScope scope = TensorScope.open()) {
            int[] all = shape(name).toArray();
            int[] rest = java.util.Arrays.copyOfRange(all, 1, all.length);
            int size = Math.toIntExact(Shape.of(rest).size());
            double[] part = java.util.Arrays.copyOfRange(values(name), k * size, (k + 1) * size);
            return scope.keep(Tensor.of(Device.REFERENCE, Shape.of(rest), DType.F64, part));
        }
    }

    /** Fails unless every value lies within the case's float64 tolerance of the expected one. */
    public void check(String name, double... actual) {
        checkFrom(name, 0, actual);
        assertThat(actual.length).as(id() + " " + name + " length").isEqualTo(values(name).length);
    }

    /** As {@link #check}, for the values from {@code offset} on. */
    public void checkFrom(String name, int offset, double... actual) {
        double[] expected = values(name);
        boolean each = has("tol64." + name);
        double[] tolerances = each ? values("tol64." + name) : new double[0];
        double common = each ? 0 : entry.get("tensors").get(name).get("atol_f64").asDouble();
        for (int i = 0; i < actual.length; i++) {
            double tolerance = each ? tolerances[offset + i] : common;
            double difference = Math.abs(actual[i] - expected[offset + i]);
            if (!(difference <= tolerance)) {
                throw new AssertionError(id() + " " + name + "[" + (offset + i) + "]: " + actual[i] + ", expected "
                        + expected[offset + i] + " within " + tolerance);
            }
        }
    }
}
