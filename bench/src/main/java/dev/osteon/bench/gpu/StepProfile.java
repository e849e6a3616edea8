package dev.osteon.bench.gpu;

import com.fasterxml.jackson.databind.ObjectMapper;
import dev.osteon.bench.OsteonStep;
import dev.osteon.engine.backend.Backend;
import dev.osteon.engine.dispatch.Dispatcher;
import dev.osteon.engine.op.Cost;
import dev.osteon.engine.op.Op;
import dev.osteon.engine.tensor.DType;
import dev.osteon.engine.tensor.Tensor;
import dev.osteon.models.ResNetSpec;
import java.io.IOException;
import java.io.PrintStream;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Where the time of a ResNet-50 training step goes: one step in which every operation is waited for, added up by the
 * operation and its first operand's specification. The waiting itself, some 10 µs an operation, counts.
 */
record StepProfile(Backend backend, Sizes sizes) {

    private static final int WARM_UP = 2;

    private static final class Row {
        private int calls;
        private double millis;
        private double bytes;
        private double flops;
    }

    /** One line of JSON for each row, the longest first. */
    void print(PrintStream out) throws IOException {
        Map<String, Row> rows = new HashMap<>();
        OsteonStep step = new OsteonStep(backend.device(), Optional.of(DType.BF16),
                ResNetSpec.resnet50().withWidth(sizes.width()), sizes.batch(), sizes.image());
        try {
            for (int i = 0; i < WARM_UP; i++) {
                step.run();
            }
            long[] last = {System.nanoTime()};
            try (Dispatcher.Registration listening = Dispatcher.listen((op, inputs, outputs, nanos) -> {
                backend.synchronize();
                long now = System.nanoTime();
                add(rows, op, inputs, outputs, (now - last[0]) / 1e6);
                last[0] = now;
            })) {
                step.step();
            }
        } finally {
            step.close();
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

    private static void add(Map<String, Row> rows, Op op, List<Tensor> inputs, List<Tensor> outputs, double millis) {
        Row row = rows.computeIfAbsent(op.name() + " " + inputs.getFirst().spec(), name -> new Row());
        Cost cost = op.cost(inputs.stream().map(Tensor::spec).toList(), outputs.stream().map(Tensor::spec).toList());
        row.calls++;
        row.millis += millis;
        row.bytes += cost.bytes();
        row.flops += cost.flops();
    }
}
