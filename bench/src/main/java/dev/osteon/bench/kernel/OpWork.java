package dev.osteon.bench.kernel;

import dev.osteon.bench.Work;
import dev.osteon.engine.conformance.Operand;
import dev.osteon.engine.dispatch.Dispatcher;
import dev.osteon.engine.memory.TensorScope;
import dev.osteon.engine.op.Op;
import dev.osteon.engine.tensor.DType;
import dev.osteon.engine.tensor.Device;
import dev.osteon.engine.tensor.Tensor;
import java.util.List;
import java.util.SplittableRandom;

/** One operation of ours on the CPU, again and again on the same operands. */
final class OpWork implements Work {

    private final Op op;
    private final TensorScope scope = TensorScope.open();
    private final List<Tensor> operands;

    private OpWork(Op op, List<Tensor> operands) {
        this.op = op;
        this.operands = operands;
    }

    /**
     * With random operands.
     *
     * @param type of operands of rank 2 and more; statistics and factors of channels are float32 whatever it is
     */
    static OpWork of(Op op, DType type, Operand... operands) {
        SplittableRandom random = new SplittableRandom(1);
        OpWork work = new OpWork(op, new java.util.ArrayList<>());
        for (Operand operand : operands) {
            work.operands.add(operand.make(Device.CPU, operand.shape().rank() == 1 ? DType.F32 : type, random));
        }
        return work;
    }

    /** {@code f32} or {@code bf16}. */
    static DType type(String name) {
        return switch (name) {
            case "f32" -> DType.F32;
            case "bf16" -> DType.BF16;
            default -> throw new IllegalArgumentException("given type " + name + "; expected f32 or bf16");
        };
    }

    @Override
    public void run() {
        try (TensorScope temporary = TensorScope.open()) {
            Dispatcher.runAll(op, operands);
        }
    }

    @Override
    public void close() {
        scope.close();
    }
}
