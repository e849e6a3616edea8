package dev.osteon.engine.io;

import dev.osteon.engine.EngineException;
import dev.osteon.engine.tensor.Shape;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * NumPy's format for one array: a magic number, a version, a Python dictionary as text, and the elements.
 *
 * @param type NumPy's code without the byte order: {@code f4}, {@code i8}, {@code b1}, …
 * @param data the elements in row-major order, little-endian
 */
public record Npy(String type, Shape shape, ByteBuffer data) {

    private static final byte[] MAGIC = {(byte) 0x93, 'N', 'U', 'M', 'P', 'Y'};
    private static final Pattern DESCRIPTION = Pattern.compile("'descr'\\s*:\\s*'([<>|=]?)([a-zA-Z]\\d+)'");
    private static final Pattern SHAPE = Pattern.compile("'shape'\\s*:\\s*\\(([0-9, ]*)\\)");
    private static final Pattern FORTRAN = Pattern.compile("'fortran_order'\\s*:\\s*True");
    private static final int ALIGNMENT = 64;

    public Npy {
        data = data.slice().order(ByteOrder.LITTLE_ENDIAN);
        if (data.remaining() != shape.size() * bytes(type)) {
            throw new EngineException("npy: given " + data.remaining() + " bytes for " + type + shape + "; expected "
                    + shape.size() * bytes(type));
        }
    }

    private static int bytes(String type) {
        return switch (type) {
            case "f8", "i8", "u8" -> 8;
            case "f4", "i4", "u4" -> 4;
            case "f2", "i2", "u2" -> 2;
            case "i1", "u1", "b1" -> 1;
            default -> throw new EngineException("npy: given elements of type " + type
                    + "; expected integers, floating numbers or bool");
        };
    }

    /** Float32 elements in row-major order. */
    public static Npy of(Shape shape, float... values) {
        ByteBuffer data = ByteBuffer.allocate(Math.multiplyExact(values.length, Float.BYTES))
                .order(ByteOrder.LITTLE_ENDIAN);
        data.asFloatBuffer().put(values);
        return new Npy("f4", shape, data);
    }

    /** Int64 elements in row-major order. */
    public static Npy of(Shape shape, long... values) {
        ByteBuffer data = ByteBuffer.allocate(Math.multiplyExact(values.length, Long.BYTES))
                .order(ByteOrder.LITTLE_ENDIAN);
        data.asLongBuffer().put(values);
        return new Npy("i8", shape, data);
    }

    /**
     * Reads a file.
     *
     * @throws EngineException when it is no such file, in Fortran's order or big-endian
     */
    public static Npy read(Path file) throws IOException {
        ByteBuffer bytes = ByteBuffer.wrap(Files.readAllBytes(file)).order(ByteOrder.LITTLE_ENDIAN);
        if (bytes.remaining() < 12 || !bytes.slice(0, MAGIC.length).equals(ByteBuffer.wrap(MAGIC))) {
            throw new EngineException(file + " is no npy file: it does not begin as one");
        }
        bytes.position(MAGIC.length);
        int version = bytes.get();
        bytes.get();
        long length = version == 1 ? bytes.getShort() & 0xffff : bytes.getInt() & 0xffffffffL;
        if (length > bytes.remaining()) {
            throw new EngineException(file + " is cut short: given " + bytes.remaining()
                    + " bytes; expected a header of " + length);
        }
        byte[] text = new byte[(int) length];
        bytes.get(text);
        String header = new String(text, StandardCharsets.ISO_8859_1);
        Matcher description = DESCRIPTION.matcher(header);
        Matcher shape = SHAPE.matcher(header);
        if (!description.find() || !shape.find() || description.group(1).equals(">")
                || FORTRAN.matcher(header).find()) {
            throw new EngineException(file + ": given " + header.strip()
                    + "; expected plain elements, little-endian, in row-major order (numpy.ascontiguousarray)");
        }
        try {
            int[] dims = Arrays.stream(shape.group(1).split(",")).map(String::strip).filter(s -> !s.isEmpty())
                    .mapToInt(Integer::parseInt).toArray();
            return new Npy(description.group(2), Shape.of(dims), bytes);
        } catch (NumberFormatException | ArithmeticException e) {
            throw new EngineException(file + ": given shape (" + shape.group(1) + "), which is too large", e);
        }
    }

    /** Writes the file whole or not at all. */
    public void write(Path file) throws IOException {
        String dims = Arrays.stream(shape.toArray()).mapToObj(d -> d + ",").reduce("", String::concat);
        String order = bytes(type) == 1 ? "|" : "<";
        String header = "{'descr': '" + order + type + "', 'fortran_order': False, 'shape': (" + dims + "), }";
        int padding = ALIGNMENT - (MAGIC.length + 4 + header.length() + 1) % ALIGNMENT;
        byte[] text = (header + " ".repeat(padding % ALIGNMENT) + "\n").getBytes(StandardCharsets.ISO_8859_1);
        ByteBuffer start = ByteBuffer.allocate(MAGIC.length + 4 + text.length).order(ByteOrder.LITTLE_ENDIAN);
        start.put(MAGIC).put((byte) 1).put((byte) 0).putShort((short) text.length).put(text).flip();
        AtomicFile.write(file, channel -> {
            ByteBuffer rest = data.duplicate();
            while (start.hasRemaining() || rest.hasRemaining()) {
                channel.write(start.hasRemaining() ? start : rest);
            }
        });
    }

    /** The elements as doubles. */
    public double[] doubles() {
        double[] values = new double[Math.toIntExact(shape.size())];
        for (int i = 0; i < values.length; i++) {
            values[i] = switch (type) {
                case "f8" -> data.getDouble(i * 8);
                case "f4" -> data.getFloat(i * 4);
                case "f2" -> Float.float16ToFloat(data.getShort(i * 2));
                default -> integer(i);
            };
        }
        return values;
    }

    /** The elements as longs; real numbers are truncated, a uint64 is its bit pattern. */
    public long[] longs() {
        if (isFloating()) {
            return Arrays.stream(doubles()).mapToLong(v -> (long) v).toArray();
        }
        long[] values = new long[Math.toIntExact(shape.size())];
        Arrays.setAll(values, this::integer);
        return values;
    }

    public boolean isFloating() {
        return type.startsWith("f");
    }

    private long integer(int i) {
        return switch (type) {
            case "i8", "u8" -> data.getLong(i * 8);
            case "i4" -> data.getInt(i * 4);
            case "u4" -> data.getInt(i * 4) & 0xffffffffL;
            case "i2" -> data.getShort(i * 2);
            case "u2" -> data.getShort(i * 2) & 0xffff;
            case "i1" -> data.get(i);
            default -> data.get(i) & 0xff;
        };
    }
}
