package dev.osteon.bench.gpu;

import com.fasterxml.jackson.databind.ObjectMapper;
import dev.osteon.bench.gpu.QueuedWork.Body;
import dev.osteon.engine.backend.Backend;
import dev.osteon.engine.backend.DeviceClock;
import dev.osteon.engine.dispatch.Dispatcher;
import dev.osteon.engine.memory.TensorScope;
import dev.osteon.engine.op.Cost;
import dev.osteon.engine.op.Ops;
import dev.osteon.engine.tensor.DType;
import dev.osteon.engine.tensor.Shape;
import dev.osteon.engine.tensor.Tensor;
import dev.osteon.engine.tensor.TensorSpec;
import java.io.IOException;
import java.io.PrintStream;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Where the time of a work goes: it is done once, operation by operation, between marks on the device's clock, added up
 * by the operation and its first operand's specification.
 */
record WorkProfile(Backend backend, Sizes sizes) {

    private static final int WARM_UP = 2;
    /** Products of square matrices, each some 20 ms on an H100. */
    private static final int HEAD_START = 5;

    private static final class Row {
        private int calls;
        private double millis;
        private double bytes;
        private double flops;

        void add(Cost cost, double took) {
            calls++;
            millis += took;
            bytes += cost.bytes();
            flops += cost.flops();
        }
    }

    /** An operation that was queued, and the mark behind it. */
    private record Ran(String name, Cost cost, DeviceClock.Mark end) {}

    /** One line of JSON for each row, the longest first. */
    void print(Body work, PrintStream out) throws IOException {
        Map<String, Row> rows = new HashMap<>();
        try {
            for (int i = 0; i < WARM_UP; i++) {
                work.queue().run();
            }
            DeviceClock clock = backend.clock().orElseThrow();
            List<Ran> all = new ArrayList<>();
            backend.synchronize();
            keepBusy();
            DeviceClock.Mark before = clock.mark();
            try (Dispatcher.Registration listening = Dispatcher.listen((op, inputs, outputs, nanos) -> all.add(new Ran(
                    op.name() + " " + inputs.getFirst().spec(), op.cost(specs(inputs), specs(outputs)),
                    clock.mark())))) {
                work.queue().run();
            }
            for (Ran ran : all) {
                rows.computeIfAbsent(ran.name, name -> new Row()).add(ran.cost, ran.end.nanosSince(before) / 1e6);
                before = ran.end;
            }
        } finally {
            work.close().run();
        }
        ObjectMapper json = new ObjectMapper();
        for (Map.Entry<String, Row> entry : rows.entrySet().stream()
                .sorted((a, b) -> Double.compare(b.getValue().millis, a.getValue().millis)).toList()) {
            Row row = entry.getValue();
            Map<String, Object> line = new LinkedHashMap<>();
            line.put("operation", entry.getKey());
            line.put("calls", row.calls);
            line.put("ms", row.millis);
            line.put("bytes", row.bytes);
            line.put("flops", row.flops);
            out.println(json.writeValueAsString(line));
        }
        out.flush();
    }

    /** Gives the device work to begin with, so that the host is ahead and no mark waits for what is not queued yet. */
    private void keepBusy() {
        try (TensorScope scope = TensorScope.open()) {
            Tensor matrix = Ops.full(backend.device(), Shape.of(sizes.matrix(), sizes.matrix()), DType.F32, 0.5);
            for (int i = 0; i < HEAD_START; i++) {
                Ops.matmul(matrix, matrix);
            }
        }
    }

    private static List<TensorSpec> specs(List<Tensor> tensors) {
        return tensors.stream().map(Tensor::spec).toList();
    }
}
