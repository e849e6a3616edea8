package dev.osteon.app.profile;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.osteon.engine.EngineException;
import dev.osteon.engine.backend.Backend;
import dev.osteon.engine.backend.Backends;
import dev.osteon.engine.backend.DeviceClock;
import dev.osteon.engine.backend.UserCache;
import dev.osteon.engine.io.AtomicFile;
import dev.osteon.engine.memory.TensorScope;
import dev.osteon.engine.op.Ops;
import dev.osteon.engine.tensor.DType;
import dev.osteon.engine.tensor.Device;
import dev.osteon.engine.tensor.Shape;
import dev.osteon.engine.tensor.Tensor;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/**
 * What a device can do, measured with the engine's own operations: the roofs of the roofline model (Williams, Waterman
 * and Patterson 2009).
 *
 * @param bandwidth bytes per second of c = a + b over arrays that fit into no cache (McCalpin's STREAM, "add")
 * @param flops     operations per second of a square matrix product, by element type
 */
public record Peaks(double bandwidth, Map<String, Double> flops) {

    private static final ObjectMapper JSON = new ObjectMapper().enable(SerializationFeature.INDENT_OUTPUT);
    /** So many in a row must bring nothing better: a machine that has just begun needs a while for its best. */
    private static final int TRIES = 7;
    private static final double BETTER = 0.99;
    private static final int STREAMS = 3;

    /**
     * How large the work is that is measured.
     *
     * @param side     of the square matrices
     * @param elements of the arrays
     */
    private record Size(int side, int elements) {

        private static final Size CPU = new Size(1536, 24 << 20);
        /** A GPU does the CPU's in microseconds, and has it in its cache. */
        private static final Size GPU = new Size(8192, 192 << 20);
        private static final Size EMULATOR = new Size(32, 1 << 12);

        static Size on(Backend backend) {
            return backend.isEmulated() ? EMULATOR : backend.clock().isPresent() ? GPU : CPU;
        }
    }

    /** The best that this device has shown with this many threads, now or before: a busy machine shows less. */
    public static Peaks of(Device device) throws IOException {
        return of(device, UserCache.of("peaks.json"));
    }

    static Peaks of(Device device, Path file) throws IOException {
        String key = Backends.of(device).description().replaceAll(", /.*", "") + ", "
                + Runtime.getRuntime().availableProcessors() + " processors";
        ObjectNode known = known(file);
        Peaks best = measure(device);
        if (known.has(key)) {
            best = best.orBetter(JSON.treeToValue(known.get(key), Peaks.class));
        }
        known.set(key, JSON.valueToTree(best));
        AtomicFile.write(file, JSON.writeValueAsString(known) + "\n");
        return best;
    }

    private static ObjectNode known(Path file) {
        try {
            if (Files.exists(file) && JSON.readTree(file.toFile()) instanceof ObjectNode object) {
                return object;
            }
        } catch (IOException damaged) {
            return JSON.createObjectNode();     // it is measured again
        }
        return JSON.createObjectNode();
    }

    private Peaks orBetter(Peaks other) {
        Map<String, Double> better = new TreeMap<>(flops);
        other.flops.forEach((dtype, rate) -> better.merge(dtype, rate, Math::max));
        return new Peaks(Math.max(bandwidth, other.bandwidth), better);
    }

    /** Measures for a few seconds. */
    static Peaks measure(Device device) {
        Size size = Size.on(Backends.of(device));
        Map<String, Double> flops = new TreeMap<>();
        for (DType dtype : new DType[] {DType.F32, DType.BF16}) {
            try {
                flops.put(dtype.toString(), 2.0 * size.side * size.side * size.side / product(device, size, dtype));
            } catch (EngineException notHere) {
                continue;       // a device without this element type has no roof for it
            }
        }
        return new Peaks(STREAMS * (double) Float.BYTES * size.elements / sum(device, size), flops);
    }

    private static double product(Device device, Size size, DType dtype) {
        try (TensorScope scope = TensorScope.open()) {
            Tensor a = filled(device, Shape.of(size.side, size.side), 0.5).to(dtype);
            return best(device, () -> Ops.matmul(a, a));
        }
    }

    private static double sum(Device device, Size size) {
        try (TensorScope scope = TensorScope.open()) {
            Tensor a = filled(device, Shape.of(size.elements), 0.5);
            Tensor b = filled(device, Shape.of(size.elements), 0.25);
            return best(device, () -> Ops.add(a, b));
        }
    }

    private static Tensor filled(Device device, Shape shape, double value) {
        return Ops.expand(Ops.full(device, Shape.of(1), DType.F32, value), shape);
    }

    /** The shortest time in seconds. */
    private static double best(Device device, Runnable work) {
        Optional<DeviceClock> clock = Backends.of(device).clock();
        double best = Double.POSITIVE_INFINITY;
        for (int since = 0; since < TRIES; since++) {
            double seconds = clock.isPresent() ? timed(clock.get(), work) : timed(work);
            if (seconds < BETTER * best) {
                since = 0;
            }
            best = Math.min(best, seconds);
        }
        return best;
    }

    private static double timed(Runnable work) {
        long start = System.nanoTime();
        try (TensorScope scope = TensorScope.open()) {
            work.run();
        }
        return (System.nanoTime() - start) / 1e9;
    }

    private static double timed(DeviceClock clock, Runnable work) {
        try (TensorScope scope = TensorScope.open(); DeviceClock.Mark begin = clock.mark()) {
            work.run();
            try (DeviceClock.Mark end = clock.mark()) {
                return end.nanosSince(begin) / 1e9;
            }
        }
    }

    /** Operations per second of products in an element type; of the fastest when it has none of its own. */
    double roof(String dtype) {
        Double own = flops.get(dtype);
        return own != null ? own : flops.values().stream().mapToDouble(Double::doubleValue).max().orElse(0);
    }

    /** The least time in seconds that work can take here. */
    public double least(Profile.Row row) {
        double compute = roof(row.dtype()) > 0 ? row.flops() / roof(row.dtype()) : 0;
        return Math.max(compute, row.bytes() / bandwidth);
    }

    /** In one line. */
    public String describe() {
        StringBuilder text = new StringBuilder(String.format(Locale.ROOT, "%.1f GB/s", bandwidth / 1e9));
        flops.forEach((dtype, rate) -> text.append(String.format(Locale.ROOT, ", %s %.0f GFLOP/s", dtype,
                rate / 1e9)));
        return text.toString();
    }
}
