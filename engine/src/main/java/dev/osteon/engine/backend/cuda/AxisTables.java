package dev.osteon.engine.backend.cuda;

import static java.lang.foreign.ValueLayout.JAVA_FLOAT;
import static java.lang.foreign.ValueLayout.JAVA_INT;

import dev.osteon.engine.backend.host.AxisWeights;
import dev.osteon.engine.memory.Buffer;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import java.util.function.Supplier;

/** Weights of resized and pooled axes in device memory, made once for an axis and kept while they are used. */
final class AxisTables {

    private static final int KEPT = 128;
    private static final String LABEL = "weights of an axis";

    private final CudaRuntime cuda;
    private final Map<Object, Table> tables = new LinkedHashMap<>(KEPT, 0.75f, true);

    AxisTables(CudaRuntime cuda) {
        this.cuda = cuda;
    }

    /** One axis: where outputs begin to read, where their weights begin, the weights. */
    private record Table(Buffer buffer, int outputs) {

        void arguments(Launch launch) {
            long first = buffer.segment().address();
            long begin = first + 4L * outputs;
            launch.address(first).address(begin).address(begin + 4L * (outputs + 1));
        }
    }

    /** Gives {@code launch} the tables of both axes; {@code key} says all that they depend on. */
    synchronized void arguments(Launch launch, Object key, Supplier<AxisWeights> rows, Supplier<AxisWeights> columns) {
        Table first = table(new Key(key, 0), rows);
        Table second = table(new Key(key, 1), columns);
        first.arguments(launch);
        second.arguments(launch);
    }

    private record Key(Object of, int axis) {}

    private Table table(Key key, Supplier<AxisWeights> weights) {
        Table table = tables.get(key);
        Optional<Capture> capture = cuda.capture();
        if (capture.isPresent()) {
            return table == null ? of(weights.get(), contents -> capture.get().constant(contents, LABEL))
                    : held(table, capture.get());
        }
        if (table == null) {
            table = of(weights.get(), this::upload);
            tables.put(key, table);
            if (tables.size() > KEPT) {
                var eldest = tables.entrySet().iterator();
                eldest.next().getValue().buffer.release();
                eldest.remove();
            }
        }
        return table;
    }

    private static Table held(Table table, Capture capture) {
        capture.hold(table.buffer);
        return table;
    }

    private Buffer upload(MemorySegment contents) {
        Buffer buffer = cuda.temporary(contents.byteSize(), LABEL);
        cuda.upload(contents, buffer.segment().address());
        return buffer;
    }

    private static Table of(AxisWeights axis, Function<MemorySegment, Buffer> upload) {
        int outputs = axis.first().length;
        int count = 0;
        for (double[] weights : axis.weights()) {
            count += weights.length;
        }
        long bytes = 4L * (2L * outputs + 1 + count);
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment table = arena.allocate(bytes, 4);
            int begin = 0;
            for (int i = 0; i < outputs; i++) {
                table.setAtIndex(JAVA_INT, i, axis.first()[i]);
                table.setAtIndex(JAVA_INT, outputs + i, begin);
                for (double weight : axis.weights()[i]) {
                    table.setAtIndex(JAVA_FLOAT, 2L * outputs + 1 + begin++, (float) weight);
                }
            }
            table.setAtIndex(JAVA_INT, 2L * outputs, begin);
            return new Table(upload.apply(table), outputs);
        }
    }
}
