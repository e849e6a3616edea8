package dev.osteon.engine.autograd;

import dev.osteon.engine.EngineException;
import dev.osteon.engine.ShapeException;
import dev.osteon.engine.dispatch.Dispatcher;
import dev.osteon.engine.dispatch.Span;
import dev.osteon.engine.memory.TensorScope;
import dev.osteon.engine.op.Op;
import dev.osteon.engine.op.Ops;
import dev.osteon.engine.op.Saves;
import dev.osteon.engine.tensor.Tensor;
import dev.osteon.engine.tensor.TensorSpec;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Supplier;

/**
 * Records what is computed from watched tensors, and differentiates it in reverse (Griewank and Walther 2008, ch. 3).
 * Only operations with a tracked operand are recorded, only what their gradient rule names is saved, and saved
 * tensors are let go as the backward pass consumes them: a tape gives gradients once.
 *
 * <pre>{@code
 * try (Tape tape = Tape.watching(parameters)) {
 *     Tensor loss = …;
 *     try (Gradients gradients = tape.gradients(loss, parameters)) { optimiser.step(gradients); }
 * }
 * }</pre>
 */
public final class Tape implements AutoCloseable {

    private static final ThreadLocal<Tape> CURRENT = new ThreadLocal<>();

    private final Tape outer;
    private final List<Node> nodes = new ArrayList<>();
    private final Set<Long> tracked = new HashSet<>();
    private boolean closed;

    private Tape(Tape outer) {
        this.outer = outer;
    }

    /** Opens a tape on this thread that tracks {@code tensors} and all that is computed from them. */
    public static Tape watching(Collection<Tensor> tensors) {
        Tape tape = new Tape(CURRENT.get());
        tensors.forEach(tape::watch);
        CURRENT.set(tape);
        return tape;
    }

    public static Tape watching(Tensor... tensors) {
        return watching(Arrays.asList(tensors));
    }

    /** Runs {@code work} without recording it. */
    public static <T> T paused(Supplier<T> work) {
        Tape tape = CURRENT.get();
        CURRENT.remove();
        try {
            return work.get();
        } finally {
            if (tape != null) {
                CURRENT.set(tape);
            }
        }
    }

    /** For the dispatcher: records {@code op} when this thread has a tape and an operand is tracked. */
    public static void record(Op op, List<Tensor> inputs, List<Tensor> outputs) {
        Tape tape = CURRENT.get();
        if (tape != null) {
            tape.add(op, inputs, outputs);
        }
    }

    /** Starts tracking a tensor, which must be of a floating type. */
    public void watch(Tensor tensor) {
        if (!tensor.dtype().isFloating()) {
            throw new ShapeException("watch", tensor.spec().toString(), "a floating element type");
        }
        tracked.add(tensor.id());
    }

    private void add(Op op, List<Tensor> inputs, List<Tensor> outputs) {
        boolean[] needs = new boolean[inputs.size()];
        boolean any = false;
        for (int i = 0; i < needs.length; i++) {
            needs[i] = tracked.contains(inputs.get(i).id());
            any |= needs[i];
        }
        if (!any || !op.differentiable()) {
            return;
        }
        nodes.add(new Node(op, inputs, outputs, needs));
        for (Tensor output : outputs) {
            if (output.dtype().isFloating()) {
                tracked.add(output.id());
            }
        }
    }

    /**
     * The gradients of a scalar with respect to {@code with}. Consumes the tape.
     *
     * @param loss a tensor of one element that depends on at least one of {@code with}
     */
    public Gradients gradients(Tensor loss, Collection<Tensor> with) {
        if (loss.size() != 1) {
            throw new ShapeException("gradients", "a loss of shape " + loss.shape(), "one element; reduce it first");
        }
        try (TensorScope scope = TensorScope.open()) {
            return gradients(loss, Ops.full(loss.device(), loss.shape(), loss.dtype(), 1), with);
        }
    }

    /**
     * The vector-Jacobian product: gradients of sum(upstream · output) with respect to {@code with}.
     *
     * @param upstream of the shape of {@code output}
     */
    public Gradients gradients(Tensor output, Tensor upstream, Collection<Tensor> with) {
        if (closed) {
            throw new EngineException("gradients: this tape was used up or closed; record a new one");
        }
        if (!tracked.contains(output.id())) {
            throw new EngineException("gradients: " + output + " does not depend on a watched tensor");
        }
        Map<Long, Tensor> byId = new HashMap<>();
        Set<Long> wanted = new HashSet<>();
        with.forEach(tensor -> wanted.add(tensor.id()));
        Gradients result = new Gradients();
        boolean done = false;
        try (TensorScope scope = TensorScope.open(); Span phase = Span.open(Span.Kind.PHASE, "backward")) {
            Tape suspended = CURRENT.get();
            CURRENT.remove();
            try {
                byId.put(output.id(), TensorScope.detach(upstream.alias(upstream.spec())));
                Dispatcher.fullPrecision(() -> {
                    for (int i = nodes.size() - 1; i >= 0; i--) {
                        backward(nodes.get(i), byId, wanted);
                    }
                });
                for (Tensor tensor : with) {
                    Tensor gradient = byId.remove(tensor.id());
                    if (gradient != null) {
                        result.put(tensor, gradient);
                    }
                }
                done = true;
            } finally {
                if (suspended != null) {
                    CURRENT.set(suspended);
                }
            }
        } finally {
            byId.values().forEach(Tensor::close);
            if (!done) {
                result.close();
            }
            release();
        }
        return result;
    }

    private static void backward(Node node, Map<Long, Tensor> byId, Set<Long> wanted) {
        try (TensorScope scope = TensorScope.open()) {
            Map<Integer, Tensor> upstream = new HashMap<>();
            for (int i = 0; i < node.outputIds.length; i++) {
                long id = node.outputIds[i];
                Tensor gradient = wanted.contains(id) ? byId.get(id) : byId.remove(id);
                if (gradient != null) {
                    upstream.put(i, gradient);
                }
            }
            if (!upstream.isEmpty()) {
                try (Span module = Span.open(Span.Kind.MODULE, node.module)) {
                    node.op.vjp(new NodeBackward(node, upstream, byId));
                }
            }
            upstream.forEach((index, gradient) -> {
                if (!wanted.contains(node.outputIds[index])) {
                    gradient.close();
                }
            });
        }
        node.release();
    }

    private void release() {
        closed = true;
        nodes.forEach(Node::release);
        nodes.clear();
        tracked.clear();
    }

    @Override
    public void close() {
        if (CURRENT.get() == this) {
            if (outer == null) {
                CURRENT.remove();
            } else {
                CURRENT.set(outer);
            }
        }
        release();
    }

    /** One recorded operation. */
    private static final class Node {
        final Op op;
        /** Where it was recorded, empty while nobody observes. */
        final String module = Span.innermost(Span.Kind.MODULE);
        final long[] inputIds;
        final long[] outputIds;
        final boolean[] needs;
        final List<TensorSpec> inputSpecs;
        final List<TensorSpec> outputSpecs;
        final Map<Integer, Tensor> savedInputs = new HashMap<>();
        final Map<Integer, Tensor> savedOutputs = new HashMap<>();
        final dev.osteon.engine.tensor.Device device;

        Node(Op op, List<Tensor> inputs, List<Tensor> outputs, boolean[] needs) {
            this.op = op;
            this.needs = needs;
            inputIds = inputs.stream().mapToLong(Tensor::id).toArray();
            outputIds = outputs.stream().mapToLong(Tensor::id).toArray();
            inputSpecs = inputs.stream().map(Tensor::spec).toList();
            outputSpecs = outputs.stream().map(Tensor::spec).toList();
            device = inputs.getFirst().device();
            Saves saves = op.saves();
            saves.inputs().stream().filter(i -> i < inputs.size())
                    .forEach(i -> savedInputs.put(i, hold(inputs.get(i))));
            saves.outputs().forEach(i -> savedOutputs.put(i, hold(outputs.get(i))));
        }

        static Tensor hold(Tensor tensor) {
            return TensorScope.detach(tensor.alias(tensor.spec()));
        }

        void release() {
            savedInputs.values().forEach(Tensor::close);
            savedOutputs.values().forEach(Tensor::close);
            savedInputs.clear();
            savedOutputs.clear();
        }
    }

    private record NodeBackward(Node node, Map<Integer, Tensor> upstreams, Map<Long, Tensor> byId)
            implements Backward {

        @Override
        public Tensor input(int index) {
            return saved(node.savedInputs, index, "input");
        }

        @Override
        public Tensor output(int index) {
            return saved(node.savedOutputs, index, "output");
        }

        private Tensor saved(Map<Integer, Tensor> from, int index, String kind) {
            Tensor tensor = from.get(index);
            if (tensor == null) {
                throw new IllegalStateException(node.op.name() + ".vjp reads " + kind + " " + index
                        + ", which its saves() does not name");
            }
            return tensor;
        }

        @Override
        public TensorSpec inputSpec(int index) {
            return node.inputSpecs.get(index);
        }

        @Override
        public TensorSpec outputSpec(int index) {
            return node.outputSpecs.get(index);
        }

        @Override
        public int inputs() {
            return node.inputIds.length;
        }

        @Override
        public Tensor upstream(int index) {
            return upstreams.computeIfAbsent(index, i -> {
                TensorSpec spec = node.outputSpecs.get(i);
                return Ops.full(node.device, spec.shape(), spec.dtype(), 0);
            });
        }

        @Override
        public boolean needs(int index) {
            return index < node.needs.length && node.needs[index];
        }

        @Override
        public void to(int index, Supplier<Tensor> gradient) {
            if (!needs(index)) {
                return;
            }
            Tensor given = gradient.get();
            TensorSpec spec = node.inputSpecs.get(index);
            if (!given.shape().equals(spec.shape()) || given.dtype() != spec.dtype()) {
                throw new IllegalStateException(node.op.name() + ".vjp gave " + given.spec() + " for operand "
                        + index + " of " + spec);
            }
            long id = node.inputIds[index];
            Tensor before = byId.get(id);
            Tensor sum = before == null ? given.alias(given.spec()) : Ops.add(before, given);
            byId.put(id, TensorScope.detach(sum));
            if (before != null) {
                before.close();
            }
        }
    }
}
