package dev.osteon.models.onnx.value;

import dev.osteon.engine.tensor.DType;
import dev.osteon.engine.tensor.Device;
import dev.osteon.engine.tensor.Shape;
import dev.osteon.engine.tensor.Tensor;
import dev.osteon.engine.tensor.TensorSpec;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;

/**
 * A row-major array on the host. Integers are longs and wrap around at their type's width (a uint64 is its bit
 * pattern), real numbers are doubles rounded to their type.
 */
public final class HostArray {

    /** More elements than this are taken for a mistake or an attack: 0.5 GB of longs. */
    public static final long LARGEST = 1L << 26;

    private sealed interface Elements {
        record Integers(long[] values) implements Elements {}

        record Reals(double[] values) implements Elements {}

        record Texts(String[] values) implements Elements {}
    }

    private final ElementType type;
    private final Shape shape;
    private final Elements elements;

    private HostArray(ElementType type, Shape shape, int count, Elements elements) {
        if (shape.size() != count) {
            throw new OnnxException("array: given " + count + " elements for shape " + shape + "; expected "
                    + shape.size());
        }
        this.type = type;
        this.shape = shape;
        this.elements = elements;
    }

    /** Integers, brought into the type's range. */
    public static HostArray of(ElementType type, Shape shape, long... values) {
        if (!type.isInteger()) {
            return of(type, shape, Arrays.stream(values).asDoubleStream().toArray());
        }
        long[] wrapped = new long[values.length];
        Arrays.setAll(wrapped, i -> type.wrap(values[i]));
        return new HostArray(type, shape, values.length, new Elements.Integers(wrapped));
    }

    /** Real numbers, rounded to the type; for integer types truncated towards zero. */
    public static HostArray of(ElementType type, Shape shape, double... values) {
        if (type.isInteger()) {
            boolean truth = type == ElementType.BOOL;
            long[] truncated = new long[values.length];
            Arrays.setAll(truncated, i -> truth ? (values[i] != 0 ? 1 : 0) : truncate(type, values[i]));
            return of(type, shape, truncated);
        }
        double[] rounded = new double[values.length];
        Arrays.setAll(rounded, i -> type.round(values[i]));
        return new HostArray(type, shape, values.length, new Elements.Reals(rounded));
    }

    private static long truncate(ElementType type, double value) {
        return type == ElementType.UINT64 && value >= 0x1p63 ? (long) (value - 0x1p63) ^ Long.MIN_VALUE : (long) value;
    }

    public static HostArray of(Shape shape, String... values) {
        return new HostArray(ElementType.STRING, shape, values.length, new Elements.Texts(values.clone()));
    }

    /** A list of int64: a shape, axes. */
    public static HostArray longs(long... values) {
        return of(ElementType.INT64, Shape.of(values.length), values);
    }

    /** A tensor's elements: float32 and the 16-bit types as float, float64 as double, indices and bool as they are. */
    public static HostArray of(Tensor tensor) {
        ElementType type = switch (tensor.dtype()) {
            case F32, BF16, F16 -> ElementType.FLOAT;
            case F64 -> ElementType.DOUBLE;
            case I64 -> ElementType.INT64;
            case I32 -> ElementType.INT32;
            case U16 -> ElementType.UINT16;
            case U8 -> ElementType.UINT8;
            case BOOL -> ElementType.BOOL;
        };
        return of(type, tensor.shape(), tensor.toDoubles());
    }

    /** How many elements a shape asks for, as an array index. */
    public static int count(Shape shape) {
        if (shape.size() > LARGEST) {
            throw new OnnxException("array: given shape " + shape + " of " + shape.size()
                    + " elements on the host; expected at most " + LARGEST);
        }
        return (int) shape.size();
    }

    public ElementType type() {
        return type;
    }

    public Shape shape() {
        return shape;
    }

    public int size() {
        return (int) shape.size();
    }

    /** The integers, not to be changed. */
    public long[] integers() {
        if (elements instanceof Elements.Integers given) {
            return given.values();
        }
        throw new OnnxException("given " + type + shape + "; expected integers");
    }

    /** The elements as doubles; not to be changed. */
    public double[] reals() {
        return switch (elements) {
            case Elements.Reals given -> given.values();
            case Elements.Integers given -> {
                double[] values = new double[given.values().length];
                Arrays.setAll(values, i -> type == ElementType.UINT64 ? unsigned(given.values()[i])
                        : given.values()[i]);
                yield values;
            }
            case Elements.Texts given -> throw new OnnxException("given strings; expected numbers");
        };
    }

    private static double unsigned(long value) {
        return value >= 0 ? value : 0x1p64 + value;
    }

    /** The texts, not to be changed. */
    public String[] texts() {
        if (elements instanceof Elements.Texts given) {
            return given.values();
        }
        throw new OnnxException("given " + type + shape + "; expected strings");
    }

    public HostArray reshaped(Shape to) {
        return new HostArray(type, to, size(), elements);
    }

    /** Elements at {@code positions} of this array, which make an array of shape {@code to}. */
    public HostArray pick(Shape to, long[] positions) {
        return switch (elements) {
            case Elements.Integers given -> new HostArray(type, to, positions.length, new Elements.Integers(
                    Arrays.stream(positions).map(p -> given.values()[(int) p]).toArray()));
            case Elements.Reals given -> new HostArray(type, to, positions.length, new Elements.Reals(
                    Arrays.stream(positions).mapToDouble(p -> given.values()[(int) p]).toArray()));
            case Elements.Texts given -> new HostArray(type, to, positions.length, new Elements.Texts(
                    Arrays.stream(positions).mapToObj(p -> given.values()[(int) p]).toArray(String[]::new)));
        };
    }

    /** The elements of several arrays of one type, one after the other, as a list. */
    public static HostArray chain(java.util.List<HostArray> parts) {
        ElementType type = parts.getFirst().type;
        for (HostArray part : parts) {
            if (part.type != type) {
                throw new OnnxException("given " + type + " and " + part.type + "; expected one element type");
            }
        }
        Shape shape = Shape.of(parts.stream().mapToInt(HostArray::size).reduce(0, Math::addExact));
        if (type == ElementType.STRING) {
            return of(shape, parts.stream().flatMap(p -> Arrays.stream(p.texts())).toArray(String[]::new));
        }
        return type.isReal() ? of(type, shape, parts.stream().flatMapToDouble(p -> Arrays.stream(p.reals())).toArray())
                : of(type, shape, parts.stream().flatMapToLong(p -> Arrays.stream(p.integers())).toArray());
    }

    /** A tensor with these elements in the innermost scope: reals in {@code floating}, bool as bool, others int64. */
    public Tensor upload(Device device, DType floating) {
        if (type.isReal()) {
            return Tensor.of(device, shape, floating, reals());
        }
        if (type == ElementType.BOOL) {
            return Tensor.of(device, shape, DType.BOOL, reals());
        }
        return int64(device, shape, integers());
    }

    /** An int64 tensor in the innermost scope. */
    public static Tensor int64(Device device, Shape shape, long[] values) {
        return Tensor.copyOf(device, TensorSpec.of(shape, DType.I64), MemorySegment.ofArray(values));
    }

    @Override
    public String toString() {
        return type + shape.toString();
    }
}
