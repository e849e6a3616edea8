package dev.osteon.engine.autograd;

import dev.osteon.engine.dispatch.Span;
import dev.osteon.engine.memory.TensorScope;
import dev.osteon.engine.op.Op;
import dev.osteon.engine.op.Ops;
import dev.osteon.engine.op.Saves;
import dev.osteon.engine.tensor.Device;
import dev.osteon.engine.tensor.Tensor;
import dev.osteon.engine.tensor.TensorSpec;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;

/** One recorded operation, with what its gradient rule reads. */
final class Node implements Entry {

    private final Op op;
    /** Where it was recorded, empty while nobody observes. */
    private final String module = Span.innermost(Span.Kind.MODULE);
    private final long[] inputIds;
    private final long[] outputIds;
    private final boolean[] needs;
    private final List<TensorSpec> inputSpecs;
    private final List<TensorSpec> outputSpecs;
    private final Map<Integer, Tensor> savedInputs = new HashMap<>();
    private final Map<Integer, Tensor> savedOutputs = new HashMap<>();
    private final Device device;

    /**
     * @param inputIds numbers that the operands' gradients go under
     * @param needs    whether anything wants the gradient of each operand
     */
    Node(Op op, List<Tensor> inputs, long[] inputIds, List<Tensor> outputs, boolean[] needs) {
        this.op = op;
        this.needs = needs;
        this.inputIds = inputIds;
        outputIds = outputs.stream().mapToLong(Tensor::id).toArray();
        inputSpecs = inputs.stream().map(Tensor::spec).toList();
        outputSpecs = outputs.stream().map(Tensor::spec).toList();
        device = inputs.getFirst().device();
        Saves saves = op.saves();
        saves.inputs().stream().filter(i -> i < inputs.size())
                .forEach(i -> savedInputs.put(i, hold(inputs.get(i))));
        saves.outputs().forEach(i -> savedOutputs.put(i, hold(outputs.get(i))));
    }

    /** A handle of one's own on a tensor's memory. */
    static Tensor hold(Tensor tensor) {
        return TensorScope.detach(tensor.alias(tensor.spec()));
    }

    @Override
    public void backward(Adjoints adjoints) {
        try (TensorScope scope = TensorScope.open()) {
            Map<Integer, Tensor> upstream = new HashMap<>();
            for (int i = 0; i < outputIds.length; i++) {
                int index = i;
                adjoints.take(outputIds[i]).ifPresent(gradient -> upstream.put(index, gradient));
            }
            if (!upstream.isEmpty()) {
                try (Span span = Span.open(Span.Kind.MODULE, module)) {
                    op.vjp(new Rule(upstream, adjoints));
                }
            }
        }
        release();
    }

    @Override
    public void release() {
        savedInputs.values().forEach(Tensor::close);
        savedOutputs.values().forEach(Tensor::close);
        savedInputs.clear();
        savedOutputs.clear();
    }

    /** What the operation's gradient rule sees. */
    private final class Rule implements Backward {

        private final Map<Integer, Tensor> upstreams;
        private final Adjoints adjoints;

        Rule(Map<Integer, Tensor> upstreams, Adjoints adjoints) {
            this.upstreams = upstreams;
            this.adjoints = adjoints;
        }

        @Override
        public Tensor input(int index) {
            return saved(savedInputs, index, "input");
        }

        @Override
        public Tensor output(int index) {
            return saved(savedOutputs, index, "output");
        }

        private Tensor saved(Map<Integer, Tensor> from, int index, String kind) {
            Tensor tensor = from.get(index);
            if (tensor == null) {
                throw new IllegalStateException(op.name() + ".vjp reads " + kind + " " + index
                        + ", which its saves() does not name");
            }
            return tensor;
        }

        @Override
        public TensorSpec inputSpec(int index) {
            return inputSpecs.get(index);
        }

        @Override
        public TensorSpec outputSpec(int index) {
            return outputSpecs.get(index);
        }

        @Override
        public int inputs() {
            return inputIds.length;
        }

        @Override
        public Tensor upstream(int index) {
            return upstreams.computeIfAbsent(index, i -> {
                TensorSpec spec = outputSpecs.get(i);
                return Ops.full(device, spec.shape(), spec.dtype(), 0);
            });
        }

        @Override
        public boolean needs(int index) {
            return index < needs.length && needs[index];
        }

        @Override
        public void to(int index, Supplier<Tensor> gradient) {
            if (!needs(index)) {
                return;
            }
            Tensor given = gradient.get();
            TensorSpec spec = inputSpecs.get(index);
            if (!given.shape().equals(spec.shape()) || given.dtype() != spec.dtype()) {
                throw new IllegalStateException(op.name() + ".vjp gave " + given.spec() + " for operand "
                        + index + " of " + spec);
            }
            adjoints.add(inputIds[index], given);
        }

        @Override
        public void to(int index, Supplier<Tensor> gradient, Op onto, Tensor... operands) {
            if (needs(index) && !adjoints.addInPlace(inputIds[index], onto, List.of(operands))) {
                to(index, gradient);
            }
        }
    }
}
