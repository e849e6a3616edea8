package dev.osteon.engine.io;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.osteon.engine.tensor.DType;
import dev.osteon.engine.tensor.Shape;
import dev.osteon.engine.tensor.TensorSpec;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * The safetensors format: 8 bytes of header length, a JSON header, raw row-major data. Files are mapped, so that a
 * tensor's bytes are read when they are touched.
 *
 * @param tensors  specification and bytes by name, in the file's order
 * @param metadata the header's {@code __metadata__}
 */
public record SafeTensors(Map<String, Entry> tensors, Map<String, String> metadata) {

    private static final ObjectMapper JSON = new ObjectMapper();
    private static final long LARGEST_HEADER = 100L << 20;
    private static final String METADATA = "__metadata__";

    /** One tensor: row-major {@code spec} and its bytes. */
    public record Entry(TensorSpec spec, MemorySegment data) {}

    /**
     * Maps a file for as long as {@code arena} lives.
     *
     * @throws IOException naming the file and what is wrong with it
     */
    public static SafeTensors map(Path file, Arena arena) throws IOException {
        try (FileChannel channel = FileChannel.open(file, StandardOpenOption.READ)) {
            long size = channel.size();
            require(size >= 8, file, size + " bytes are too few");
            MemorySegment all = channel.map(FileChannel.MapMode.READ_ONLY, 0, size, arena);
            long header = all.get(java.lang.foreign.ValueLayout.JAVA_LONG_UNALIGNED
                    .withOrder(ByteOrder.LITTLE_ENDIAN), 0);
            require(header >= 2 && header <= LARGEST_HEADER && header <= size - 8, file, "header of " + header
                    + " bytes");
            byte[] text = all.asSlice(8, header).toArray(java.lang.foreign.ValueLayout.JAVA_BYTE);
            return parse(file, JSON.readTree(text), all.asSlice(8 + header));
        } catch (JsonProcessingException e) {
            throw new IOException(file + " is not a safetensors file: its header is not JSON", e);
        }
    }

    private static SafeTensors parse(Path file, JsonNode header, MemorySegment data) throws IOException {
        require(header.isObject(), file, "its header is not a JSON object");
        Map<String, Entry> tensors = new LinkedHashMap<>();
        Map<String, String> metadata = new LinkedHashMap<>();
        for (Map.Entry<String, JsonNode> field : header.properties()) {
            if (field.getKey().equals(METADATA)) {
                field.getValue().properties().forEach(e -> metadata.put(e.getKey(), e.getValue().asText()));
            } else {
                tensors.put(field.getKey(), entry(file, field.getKey(), field.getValue(), data));
            }
        }
        return new SafeTensors(tensors, metadata);
    }

    private static Entry entry(Path file, String name, JsonNode node, MemorySegment data) throws IOException {
        DType dtype = dtype(file, name, node.path("dtype").asText());
        JsonNode offsets = node.path("data_offsets");
        require(node.path("shape").isArray() && offsets.size() == 2, file, "tensor " + name
                + " lacks shape or offsets");
        int[] dims = new int[node.path("shape").size()];
        long count = 1;
        for (int i = 0; i < dims.length; i++) {
            long dim = node.path("shape").get(i).asLong(-1);
            require(dim >= 0 && dim <= Integer.MAX_VALUE, file, "tensor " + name + " has a dimension of " + dim);
            require(count == 0 || dim <= Long.MAX_VALUE / 8 / count, file, "tensor " + name + " is too large");
            dims[i] = (int) dim;
            count *= dim;
        }
        long begin = offsets.get(0).asLong(-1);
        long end = offsets.get(1).asLong(-1);
        require(begin >= 0 && end >= begin && end <= data.byteSize() && end - begin == count * dtype.bytes(), file,
                "tensor " + name + " of " + count + " " + dtype + " at " + begin + " to " + end + " of "
                        + data.byteSize() + " bytes");
        return new Entry(TensorSpec.of(Shape.of(dims), dtype), data.asSlice(begin, end - begin));
    }

    private static void require(boolean holds, Path file, String found) throws IOException {
        if (!holds) {
            throw new IOException(file + " is not a safetensors file, or is damaged: " + found);
        }
    }

    private static DType dtype(Path file, String name, String text) throws IOException {
        return switch (text) {
            case "F64" -> DType.F64;
            case "F32" -> DType.F32;
            case "BF16" -> DType.BF16;
            case "F16" -> DType.F16;
            case "I64" -> DType.I64;
            case "I32" -> DType.I32;
            case "U16" -> DType.U16;
            case "U8" -> DType.U8;
            case "BOOL" -> DType.BOOL;
            default -> throw new IOException(file + ": tensor " + name + " is of type " + text
                    + "; expected F64, F32, BF16, F16, I64, I32, U16, U8 or BOOL");
        };
    }

    /** Writes the file under a temporary name, forces it to disk and renames it: there is never half a file. */
    public void write(Path file) throws IOException {
        AtomicFile.write(file, this::write);
    }

    private void write(FileChannel channel) throws IOException {
        ObjectNode header = JSON.createObjectNode();
        if (!metadata.isEmpty()) {
            ObjectNode texts = header.putObject(METADATA);
            metadata.forEach(texts::put);
        }
        long offset = 0;
        for (Map.Entry<String, Entry> tensor : tensors.entrySet()) {
            TensorSpec spec = tensor.getValue().spec();
            ObjectNode node = header.putObject(tensor.getKey());
            node.put("dtype", spec.dtype().name());
            ArrayNode shape = node.putArray("shape");
            for (int dim : spec.shape().toArray()) {
                shape.add(dim);
            }
            node.putArray("data_offsets").add(offset).add(offset + spec.bytes());
            offset += spec.bytes();
        }
        byte[] text = JSON.writeValueAsBytes(header);
        byte[] padded = (new String(text, StandardCharsets.UTF_8) + " ".repeat((8 - text.length % 8) % 8))
                .getBytes(StandardCharsets.UTF_8);
        ByteBuffer length = ByteBuffer.allocate(8).order(ByteOrder.LITTLE_ENDIAN).putLong(0, padded.length);
        writeFully(channel, length);
        writeFully(channel, ByteBuffer.wrap(padded));
        for (Entry entry : tensors.values()) {
            for (long at = 0; at < entry.data().byteSize(); at += 1 << 28) {
                long count = Math.min(1 << 28, entry.data().byteSize() - at);
                writeFully(channel, bytes(entry.data().asSlice(at, count)));
            }
        }
    }

    /** The memory as bytes; arrays of other types on the Java heap are copied. */
    private static ByteBuffer bytes(MemorySegment part) {
        if (part.isNative()) {
            return part.asByteBuffer();
        }
        return ByteBuffer.wrap(part.toArray(java.lang.foreign.ValueLayout.JAVA_BYTE));
    }

    private static void writeFully(FileChannel channel, ByteBuffer bytes) throws IOException {
        while (bytes.hasRemaining()) {
            channel.write(bytes);
        }
    }
}
