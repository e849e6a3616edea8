package dev.osteon.engine.backend.reference;

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

    /** Absolute tolerance of each element in float64. */
    double[] tolerances(String name) {
        double[] tolerances = values(has("tol64." + name) ? "tol64." + name : name);
        if (!has("tol64." + name)) {
            java.util.Arrays.fill(tolerances, entry.get("tensors").get(name).get("atol_f64").asDouble());
        }
        return tolerances;
    }

    @Override
    public String toString() {
        return entry.get("id").asText();
    }
}
