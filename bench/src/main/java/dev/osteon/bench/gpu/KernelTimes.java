package dev.osteon.bench.gpu;

import com.fasterxml.jackson.databind.ObjectMapper;
import dev.osteon.engine.EngineException;
import dev.osteon.engine.backend.Backend;
import dev.osteon.engine.backend.KernelTable;
import dev.osteon.engine.conformance.OpSample;
import dev.osteon.engine.conformance.Operand;
import dev.osteon.engine.dispatch.Dispatcher;
import dev.osteon.engine.memory.TensorScope;
import dev.osteon.engine.op.Cost;
import dev.osteon.engine.op.Op;
import dev.osteon.engine.op.Precision;
import dev.osteon.engine.tensor.DType;
import dev.osteon.engine.tensor.Device;
import dev.osteon.engine.tensor.Layout;
import dev.osteon.engine.tensor.Shape;
import dev.osteon.engine.tensor.Tensor;
import dev.osteon.engine.tensor.TensorSpec;
import java.io.IOException;
import java.io.PrintStream;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.function.DoubleSupplier;
import java.util.stream.Collectors;
import java.util.stream.DoubleStream;

/** Times every {@link KernelCases case}: one line of JSON each, as soon as it is known. */
record KernelTimes(Backend backend, Sizes sizes, int rounds) {

    /** Random numbers are made this many at a time and repeated: it is their number that counts here. */
    private static final long BLOCK = 1 << 18;
    private static final int MOST_RECORDED = 50;

    void print(PrintStream out) throws IOException {
        ObjectMapper json = new ObjectMapper();
        for (OpSample sample : KernelCases.all(sizes)) {
            KernelTable.Entry<Op> entry = backend.kernels().get(sample.op());
            for (DType floating : List.of(DType.F32, DType.BF16)) {
                if (entry.floating().contains(floating)) {
                    out.println(json.writeValueAsString(row(sample, floating)));
                    out.flush();
                }
            }
        }
    }

    private Map<String, Object> row(OpSample sample, DType floating) {
        Map<String, Object> row = new LinkedHashMap<>();
        row.put("case", sample.name());
        row.put("operation", sample.op().name());
        row.put("type", floating.toString());
        try (TensorScope scope = TensorScope.open()) {
            List<Tensor> operands = operands(sample, floating);
            List<TensorSpec> specs = operands.stream().map(Tensor::spec).toList();
            Cost cost = sample.op().cost(specs, sample.op().infer(specs));
            row.put("operands", specs.size() <= 6 ? specs.stream().map(TensorSpec::toString)
                    .collect(Collectors.joining(", ")) : specs.size() + " tensors");
            row.put("bytes", cost.bytes());
            row.put("flops", cost.flops());
            time(sample.op(), operands, row);
        } catch (EngineException | OutOfMemoryError e) {
            row.put("failed", String.valueOf(e.getMessage()));
        }
        return row;
    }

    /** By itself, which gives the host's time to queue it, and then some times over as one recording. */
    private void time(Op op, List<Tensor> operands, Map<String, Object> row) {
        Runnable once = () -> {
            try (TensorScope temporary = TensorScope.open()) {
                Dispatcher.runAll(op, operands);
            }
        };
        int repeats;
        try (QueuedWork single = new QueuedWork(op.name(), backend, new QueuedWork.Body(once, () -> 0, () -> { }),
                sizes.turnMillis())) {
            repeats = Math.min(single.repeats(), MOST_RECORDED);
            row.put("single ms", median(single::timed, row, "single"));
            row.put("host ms", single.queued());
        }
        try (QueuedWork recorded = new QueuedWork(op.name(), backend, graph(once, repeats), sizes.turnMillis())) {
            row.put("repeats", repeats * recorded.repeats());
            row.put("median ms", median(() -> recorded.timed() / repeats, row, "recorded"));
        }
    }

    /** How long the device takes for an operation, whatever the host does. */
    private QueuedWork.Body graph(Runnable once, int repeats) {
        return QueuedWork.Body.recorded(backend, () -> {
            for (int i = 0; i < repeats; i++) {
                once.run();
            }
        });
    }

    private double median(DoubleSupplier timed, Map<String, Object> row, String name) {
        double[] times = DoubleStream.generate(timed).limit(rounds).sorted().toArray();
        row.put(name + " min ms", times[0]);
        row.put(name + " max ms", times[rounds - 1]);
        return times[rounds / 2];
    }

    private List<Tensor> operands(OpSample sample, DType floating) {
        SplittableRandom random = new SplittableRandom(1);
        List<Tensor> tensors = new ArrayList<>();
        for (Operand operand : sample.operands()) {
            boolean wide = operand.shape().rank() == 1 && sample.op().precision() == Precision.KEEP;
            tensors.add(operand(operand, wide ? DType.F32 : floating, random));
        }
        return tensors;
    }

    private Tensor operand(Operand operand, DType floating, SplittableRandom random) {
        long size = operand.shape().size();
        if (operand.values() instanceof Operand.Values.Given || size <= BLOCK) {
            return operand.make(backend.device(), floating, random);
        }
        try (TensorScope temporary = TensorScope.open(); Arena arena = Arena.ofConfined()) {
            Tensor block = new Operand(Shape.of((int) BLOCK), operand.values(), Layout.ROW_MAJOR)
                    .make(Device.REFERENCE, floating, random);
            TensorSpec spec = new TensorSpec(operand.shape(), block.dtype(), operand.layout());
            MemorySegment host = arena.allocate(spec.bytes(), 64);
            for (long at = 0; at < spec.bytes(); at += block.spec().bytes()) {
                MemorySegment.copy(block.segment(), 0, host, at, Math.min(block.spec().bytes(), spec.bytes() - at));
            }
            return temporary.keep(Tensor.copyOf(backend.device(), spec, host));
        }
    }
}
