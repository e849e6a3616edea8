package dev.osteon.engine.backend.reference;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.osteon.engine.tensor.DType;
import dev.osteon.engine.tensor.Device;
import dev.osteon.engine.tensor.Shape;
import dev.osteon.engine.tensor.Tensor;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.StreamSupport;

/** One case of the golden vectors: its manifest entry and its tensors. */
record GoldenCase(JsonNode entry, JsonNode header, ByteBuffer data) {

    private static final ObjectMapper JSON = new ObjectMapper();

    /** The folder of golden vectors, if there is one. */
    static Optional<Path> folder() {
        String given = System.getProperty("osteon.shared");
        if (given != null) {
            return Optional.of(Path.of(given, "golden")).filter(Files::isDirectory);
        }
        for (Path at = Path.of("").toAbsolutePath(); at != null; at = at.getParent()) {
            Path golden = at.resolve("shared/golden");
            if (Files.isDirectory(golden)) {
                return Optional.of(golden);
            }
        }
        return Optional.empty();
    }

    /** The folder of golden vectors; without it the test is skipped, but fails in continuous integration. */
    static Optional<Path> required() {
        Optional<Path> folder = folder();
        String message = "no golden vectors here; set -Dosteon.shared to the folder that holds golden";
        assertThat(folder.isPresent() || !"true".equals(System.getenv("CI"))).as(message).isTrue();
        assumeTrue(folder.isPresent(), message);
        return folder;
    }

    static List<GoldenCase> ofFamily(Path folder, String family) {
        List<GoldenCase> cases = new ArrayList<>();
        try {
            for (JsonNode entry : JSON.readTree(folder.resolve("manifest.json").toFile()).get("cases")) {
                if (entry.get("family").asText().equals(family)) {
                    cases.add(read(entry, folder.resolve(entry.get("file").asText())));
                }
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return cases;
    }

    private static GoldenCase read(JsonNode entry, Path file) throws IOException {
        byte[] bytes = Files.readAllBytes(file);
        ByteBuffer all = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
        int length = Math.toIntExact(all.getLong(0));
        JsonNode header = JSON.readTree(new String(bytes, 8, length, StandardCharsets.UTF_8));
        return new GoldenCase(entry, header, all.slice(8 + length, bytes.length - 8 - length)
                .order(ByteOrder.LITTLE_ENDIAN));
    }

    boolean has(String name) {
        return header.has(name);
    }

    double[] values(String name) {
        int begin = header.get(name).get("data_offsets").get(0).asInt();
        int end = header.get(name).get("data_offsets").get(1).asInt();
        double[] values = new double[(end - begin) / 8];
        data.slice(begin, end - begin).order(ByteOrder.LITTLE_ENDIAN).asDoubleBuffer().get(values);
        return values;
    }

    /** The float64 tensor on the reference backend. */
    Tensor tensor(String name) {
        int[] dims = StreamSupport.stream(header.get(name).get("shape").spliterator(), false)
                .mapToInt(JsonNode::asInt).toArray();
        return Tensor.of(Device.REFERENCE, Shape.of(dims), DType.F64, values(name));
    }

    /** Names of the tensors that begin with {@code prefix}. */
    List<String> names(String prefix) {
        List<String> names = new ArrayList<>();
        header.fieldNames().forEachRemaining(name -> {
            if (name.startsWith(prefix)) {
                names.add(name);
            }
        });
        return names;
    }

    JsonNode hyper(String name) {
        return entry.get("hyper").get(name);
    }

    int[] integers(String name) {
        return StreamSupport.stream(hyper(name).spliterator(), false).mapToInt(JsonNode::asInt).toArray();
    }

    /** Fails unless every element is within the case's absolute tolerance for float64. */
    void requireNear(String name, double[] actual) {
        double[] expected = values(name);
        double[] each = has("tol64." + name) ? values("tol64." + name) : new double[0];
        assertThat(actual).as(name).hasSameSizeAs(expected);
        for (int i = 0; i < actual.length; i++) {
            double tolerance = each.length > 0 ? each[i] : entry.get("tensors").get(name).get("atol_f64").asDouble();
            assertThat(Math.abs(actual[i] - expected[i])).as("%s element %d: %s, expected %s", name, i, actual[i],
                    expected[i]).isLessThanOrEqualTo(tolerance);
        }
    }

    @Override
    public String toString() {
        return entry.get("id").asText();
    }
}
