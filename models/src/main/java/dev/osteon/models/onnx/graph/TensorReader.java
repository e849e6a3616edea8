package dev.osteon.models.onnx.graph;

import dev.osteon.engine.tensor.Shape;
import dev.osteon.models.onnx.proto.Onnx.StringStringEntryProto;
import dev.osteon.models.onnx.proto.Onnx.TensorProto;
import dev.osteon.models.onnx.value.ElementType;
import dev.osteon.models.onnx.value.HostArray;
import dev.osteon.models.onnx.value.OnnxException;
import dev.osteon.models.onnx.value.SmallFloat;
import dev.osteon.models.onnx.value.Value;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Map;
import java.util.Optional;
import java.util.function.IntToDoubleFunction;
import java.util.function.IntToLongFunction;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/**
 * Decodes tensors of a file. Nothing is allocated that the file does not have bytes for, and external data is read
 * from the model's own folder only.
 *
 * @param folder where external data may lie; none for tensors that came without a file
 */
public record TensorReader(Optional<Path> folder) {

    /** The tensor's elements; {@code what} names it in messages. */
    public HostArray read(TensorProto tensor, String what) {
        ElementType type = type(tensor, what);
        Shape shape = shape(tensor, what);
        if (type == ElementType.STRING) {
            requireCount(shape.size(), tensor.getStringDataCount(), what);
            return HostArray.of(shape, tensor.getStringDataList().stream().map(s -> s.toStringUtf8())
                    .toArray(String[]::new));
        }
        Optional<ByteBuffer> raw = raw(tensor, type, shape, what);
        int count = HostArray.count(shape);
        if (type.isReal()) {
            IntToDoubleFunction at = raw.map(bytes -> realsOf(type, bytes)).orElseGet(() -> reals(tensor, type, what));
            return HostArray.of(type, shape, IntStream.range(0, count).mapToDouble(at).toArray());
        }
        IntToLongFunction at = raw.map(bytes -> integersOf(type, bytes)).orElseGet(() -> integers(tensor, type, what));
        return HostArray.of(type, shape, IntStream.range(0, count).mapToLong(at).toArray());
    }

    /** The element type. */
    public static ElementType type(TensorProto tensor, String what) {
        return ElementType.of(tensor.getDataType()).orElseThrow(() -> new OnnxException(what
                + ": given element type " + tensor.getDataType() + "; expected one of ONNX's types without complex"));
    }

    /** The shape, whose sizes are 0 or more and whose number of elements is an int. */
    public static Shape shape(TensorProto tensor, String what) {
        if (tensor.getDimsCount() > Value.MOST_DIMENSIONS) {
            throw new OnnxException(what + ": given " + tensor.getDimsCount() + " dimensions; expected at most "
                    + Value.MOST_DIMENSIONS);
        }
        long count = 1;
        for (long dim : tensor.getDimsList()) {
            if (dim < 0 || dim > Integer.MAX_VALUE || dim > 0 && count > Integer.MAX_VALUE / dim) {
                throw new OnnxException(what + ": given shape " + tensor.getDimsList()
                        + "; expected sizes of 0 or more and fewer than 2^31 elements");
            }
            count *= dim;
        }
        return Shape.of(tensor.getDimsList().stream().mapToInt(Long::intValue).toArray());
    }

    /** The little-endian bytes of its elements where they are stored so, checked for their number. */
    public Optional<ByteBuffer> raw(TensorProto tensor, ElementType type, Shape shape, String what) {
        long expected = (shape.size() * type.bits() + 7) / 8;
        if (tensor.getDataLocation() == TensorProto.DataLocation.EXTERNAL) {
            return Optional.of(external(tensor, expected, what));
        }
        if (tensor.hasRawData()) {
            requireCount(expected, tensor.getRawData().size(), what + " (bytes)");
            return Optional.of(tensor.getRawData().asReadOnlyByteBuffer().order(ByteOrder.LITTLE_ENDIAN));
        }
        return Optional.empty();
    }

    private ByteBuffer external(TensorProto tensor, long expected, String what) {
        Map<String, String> entries = tensor.getExternalDataList().stream().collect(Collectors.toMap(
                StringStringEntryProto::getKey, StringStringEntryProto::getValue, (a, b) -> b));
        String location = entries.getOrDefault("location", "");
        long offset = number(entries.getOrDefault("offset", "0"), what);
        long length = number(entries.getOrDefault("length", String.valueOf(expected)), what);
        requireCount(expected, length, what + " (bytes)");
        if (length > Integer.MAX_VALUE) {
            throw new OnnxException(what + ": given external data of " + length + " bytes; expected less than 2 GiB");
        }
        Path file = inFolder(location, what);
        try (FileChannel channel = FileChannel.open(file, StandardOpenOption.READ)) {
            if (offset > channel.size() - length) {
                throw new OnnxException(what + ": given external data at " + offset + " to " + (offset + length)
                        + " of " + location + ", which has " + channel.size() + " bytes");
            }
            return channel.map(FileChannel.MapMode.READ_ONLY, offset, length).order(ByteOrder.LITTLE_ENDIAN);
        } catch (IOException e) {
            throw new OnnxException(what + ": external data " + location + " cannot be read: " + e.getMessage(), e);
        }
    }

    private static long number(String text, String what) {
        try {
            long value = Long.parseLong(text);
            if (value >= 0) {
                return value;
            }
        } catch (NumberFormatException ignored) {
            // told below, as negative numbers are
        }
        throw new OnnxException(what + ": given external data at " + text + "; expected a number of 0 or more");
    }

    /** The real path must lie inside: neither {@code ..} nor a symbolic link leads out. */
    private Path inFolder(String location, String what) {
        Path root = folder.orElseThrow(() -> new OnnxException(what + ": external data outside a model file"));
        try {
            Path given = Path.of(location);
            Path real = root.toRealPath();
            Path file = real.resolve(given).normalize();
            if (!location.isEmpty() && !given.isAbsolute() && file.startsWith(real) && Files.isRegularFile(file)
                    && file.toRealPath().startsWith(real)) {
                return file;
            }
        } catch (InvalidPathException | IOException ignored) {
            // told below, as paths that lead out are
        }
        throw new OnnxException(what + ": given external data in " + location
                + "; expected a file in the model's folder");
    }

    private static IntToDoubleFunction realsOf(ElementType type, ByteBuffer raw) {
        return switch (type) {
            case FLOAT -> i -> raw.getFloat(i * 4);
            case DOUBLE -> i -> raw.getDouble(i * 8);
            default -> {
                SmallFloat format = SmallFloat.of(type);
                IntToLongFunction bits = integersOf(type, raw);
                yield i -> format.decode((int) bits.applyAsLong(i) & (1 << type.bits()) - 1);
            }
        };
    }

    /** Bit patterns; types narrower than a byte are packed from its low end. */
    private static IntToLongFunction integersOf(ElementType type, ByteBuffer raw) {
        return switch (type.bits()) {
            case 64 -> i -> raw.getLong(i * 8);
            case 32 -> i -> raw.getInt(i * 4);
            case 16 -> i -> raw.getShort(i * 2);
            case 8 -> i -> raw.get(i);
            default -> {
                int perByte = 8 / type.bits();
                yield i -> (raw.get(i / perByte) & 0xff) >>> i % perByte * type.bits();
            }
        };
    }

    private static IntToDoubleFunction reals(TensorProto tensor, ElementType type, String what) {
        int count = (int) shape(tensor, what).size();
        return switch (type) {
            case FLOAT -> {
                requireCount(count, tensor.getFloatDataCount(), what);
                yield tensor::getFloatData;
            }
            case DOUBLE -> {
                requireCount(count, tensor.getDoubleDataCount(), what);
                yield tensor::getDoubleData;
            }
            default -> {
                SmallFloat format = SmallFloat.of(type);
                IntToLongFunction bits = integers(tensor, type, what);
                yield i -> format.decode((int) bits.applyAsLong(i) & (1 << type.bits()) - 1);
            }
        };
    }

    private static IntToLongFunction integers(TensorProto tensor, ElementType type, String what) {
        int count = (int) shape(tensor, what).size();
        return switch (type) {
            case INT64 -> {
                requireCount(count, tensor.getInt64DataCount(), what);
                yield tensor::getInt64Data;
            }
            case UINT64, UINT32 -> {
                requireCount(count, tensor.getUint64DataCount(), what);
                yield tensor::getUint64Data;
            }
            default -> {
                int perEntry = type.bits() < 8 ? 8 / type.bits() : 1;
                requireCount(Math.ceilDiv(count, perEntry), tensor.getInt32DataCount(), what);
                yield i -> perEntry == 1 ? tensor.getInt32Data(i)
                        : (tensor.getInt32Data(i / perEntry) & 0xff) >>> i % perEntry * type.bits();
            }
        };
    }

    private static void requireCount(long expected, long given, String what) {
        if (expected != given) {
            throw new OnnxException(what + ": given " + given + " elements; its shape asks for " + expected);
        }
    }
}
