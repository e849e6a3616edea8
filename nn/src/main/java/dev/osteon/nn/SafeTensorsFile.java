package dev.osteon.nn;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.osteon.engine.EngineException;
import dev.osteon.engine.tensor.DType;
import dev.osteon.engine.tensor.HostData;
import dev.osteon.engine.tensor.Shape;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.SequencedMap;

/** The safetensors format: 8-byte little-endian length, a JSON header of that length, row-major little-endian data. */
final class SafeTensorsFile {

    private static final ObjectMapper JSON = new ObjectMapper();
    private static final String METADATA = "__metadata__";
    private static final long MAX_HEADER = 100_000_000;

    private SafeTensorsFile() {}

    static Weights read(Path file) throws IOException {
        try (FileChannel channel = FileChannel.open(file, StandardOpenOption.READ)) {
            long size = channel.size();
            // the mapping lives as long as any tensor that reads from it
            MemorySegment all = channel.map(FileChannel.MapMode.READ_ONLY, 0, size, Arena.ofAuto());
            long length = size < 8 ? -1 : all.get(ValueLayout.JAVA_LONG_UNALIGNED, 0);
            if (length < 2 || length > MAX_HEADER || length > size - 8) {
                throw broken(file, "no header of a plausible length");
            }
            byte[] header = all.asSlice(8, length).toArray(ValueLayout.JAVA_BYTE);
            return parse(file, JSON.readTree(header), all.asSlice(8 + length));
        } catch (JsonProcessingException e) {
            throw broken(file, "a header that is not JSON");
        }
    }

    private static Weights parse(Path file, JsonNode header, MemorySegment data) {
        SequencedMap<String, StoredTensor> tensors = new LinkedHashMap<>();
        Map<String, String> metadata = new LinkedHashMap<>();
        header.properties().forEach(property -> {
            if (property.getKey().equals(METADATA)) {
                property.getValue().properties().forEach(e -> metadata.put(e.getKey(), e.getValue().asText()));
            } else {
                tensors.put(property.getKey(), tensor(file, property.getKey(), property.getValue(), data));
            }
        });
        return new Weights(file.toString(), tensors, metadata);
    }

    private static StoredTensor tensor(Path file, String name, JsonNode entry, MemorySegment data) {
        String type = entry.path("dtype").asText();
        DType dtype = Arrays.stream(DType.values()).filter(d -> d.name().equals(type)).findFirst().orElseThrow(() ->
                broken(file, name + " of type " + type + ", which is none of " + Arrays.toString(DType.values())));
        Shape shape = Shape.of(JSON.convertValue(entry.path("shape"), int[].class));
        long begin = entry.path("data_offsets").path(0).asLong(-1);
        long end = entry.path("data_offsets").path(1).asLong(-1);
        if (begin < 0 || end > data.byteSize() || end - begin != shape.size() * dtype.bytes()) {
            throw broken(file, name + " " + dtype + shape + " at bytes " + begin + " to " + end + " of "
                    + data.byteSize());
        }
        return new StoredTensor(shape, () -> values(data.asSlice(begin, end - begin), dtype, shape));
    }

    private static double[] values(MemorySegment data, DType dtype, Shape shape) {
        double[] values = new double[Math.toIntExact(shape.size())];
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment aligned = arena.allocate(Math.max(8, data.byteSize()), 8).copyFrom(data);
            for (int i = 0; i < values.length; i++) {
                values[i] = HostData.get(aligned, dtype, i);
            }
        }
        return values;
    }

    private static EngineException broken(Path file, String what) {
        return new EngineException(file + ": given a file with " + what
                + "; expected a complete safetensors file; fetch or save it again");
    }

    static void write(Path file, SequencedMap<String, Parameter> tensors, Map<String, String> metadata)
            throws IOException {
        ObjectNode header = JSON.createObjectNode();
        header.set(METADATA, JSON.valueToTree(metadata));
        long offset = 0;
        for (Map.Entry<String, Parameter> each : tensors.entrySet()) {
            Parameter parameter = each.getValue();
            ObjectNode entry = header.putObject(each.getKey());
            entry.put("dtype", parameter.tensor().dtype().name());
            entry.set("shape", JSON.valueToTree(parameter.shape().toArray()));
            long end = offset + parameter.tensor().spec().bytes();
            entry.putArray("data_offsets").add(offset).add(end);
            offset = end;
        }
        try (FileChannel channel = FileChannel.open(file, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE)) {
            byte[] json = JSON.writeValueAsBytes(header);
            int padded = (json.length + 7) / 8 * 8;
            ByteBuffer head = ByteBuffer.allocate(8 + padded).order(ByteOrder.LITTLE_ENDIAN).putLong(padded).put(json);
            while (head.hasRemaining()) {
                head.put((byte) ' ');
            }
            writeFully(channel, head.flip());
            for (Parameter parameter : tensors.values()) {
                write(channel, parameter);
            }
            channel.force(true);
        }
    }

    private static void write(FileChannel channel, Parameter parameter) throws IOException {
        DType dtype = parameter.tensor().dtype();
        double[] values = parameter.values();
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment data = arena.allocate(Math.max(8, (long) values.length * dtype.bytes()), 8);
            for (int i = 0; i < values.length; i++) {
                HostData.set(data, dtype, i, values[i]);
            }
            writeFully(channel, data.asSlice(0, (long) values.length * dtype.bytes()).asByteBuffer());
        }
    }

    private static void writeFully(FileChannel channel, ByteBuffer data) throws IOException {
        while (data.hasRemaining()) {
            channel.write(data);
        }
    }
}
