package dev.osteon.engine.autograd;

import dev.osteon.engine.EngineException;
import dev.osteon.engine.ShapeException;
import dev.osteon.engine.dispatch.Dispatcher;
import dev.osteon.engine.dispatch.Span;
import dev.osteon.engine.memory.TensorScope;
import dev.osteon.engine.op.Op;
import dev.osteon.engine.op.Ops;
import dev.osteon.engine.tensor.Tensor;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;
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
    private final Set<Long> tracked = new HashSet<>();
    /** Numbers of stand-ins, and of the tensors that they stand for. */
    private final Map<Long, Long> standIns = new HashMap<>();
    private List<Entry> entries = new ArrayList<>();
    private boolean keeps = true;
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
        long[] inputIds = inputs.stream().mapToLong(this::idOf).toArray();
        boolean[] needs = new boolean[inputIds.length];
        boolean any = false;
        for (int i = 0; i < needs.length; i++) {
            needs[i] = tracked.contains(inputIds[i]);
            any |= needs[i];
        }
        if (!any || !op.differentiable()) {
            return;
        }
        if (keeps) {
            entries.add(new Node(op, inputs, inputIds, outputs, needs));
        }
        for (Tensor output : outputs) {
            if (output.dtype().isFloating()) {
                tracked.add(output.id());
            }
        }
    }

    /**
     * For {@link Recomputation}: runs a function of which this thread's tape, if there is one, keeps its operands.
     */
    static List<Tensor> withoutKeeping(Function<List<Tensor>, List<Tensor>> function, List<Tensor> operands) {
        Tape tape = CURRENT.get();
        if (tape == null || !tape.keeps) {
            return function.apply(operands);
        }
        tape.keeps = false;
        List<Tensor> results;
        try {
            results = function.apply(operands);
        } finally {
            tape.keeps = true;
        }
        if (results.stream().anyMatch(result -> tape.tracked.contains(tape.idOf(result)))) {
            tape.entries.add(new Recomputation(tape, function, operands, results));
        }
        return results;
    }

    /** Runs {@code work} and gives what it recorded, apart from what is recorded so far; the caller releases it. */
    List<Entry> recorded(Runnable work) {
        List<Entry> before = entries;
        List<Entry> made = new ArrayList<>();
        boolean done = false;
        entries = made;
        CURRENT.set(this);
        try {
            work.run();
            done = true;
        } finally {
            CURRENT.remove();
            entries = before;
            if (!done) {
                made.forEach(Entry::release);
            }
        }
        return made;
    }

    /** A handle of one's own on a tensor's memory, whose gradient is that tensor's. */
    Tensor standIn(Tensor tensor) {
        Tensor standIn = Node.hold(tensor);
        standIns.put(standIn.id(), idOf(tensor));
        return standIn;
    }

    /**
     * For the dispatcher: from now on what is given as the gradient of {@code copy} is one of the tensor's that this is
     * a copy of, perhaps in another type and layout; the tensor must be one whose gradients are asked for.
     */
    public static void standsFor(Tensor copy, Tensor original) {
        Tape tape = CURRENT.get();
        if (tape != null) {
            tape.standIns.put(copy.id(), tape.idOf(original));
        }
    }

    /** The number that a tensor's gradient goes under. */
    long idOf(Tensor tensor) {
        return standIns.getOrDefault(tensor.id(), tensor.id());
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
        try (TensorScope scope = TensorScope.open(); Adjoints adjoints = new Adjoints(with);
                Span phase = Span.open(Span.Kind.PHASE, "backward")) {
            Tape suspended = CURRENT.get();
            CURRENT.remove();
            try {
                adjoints.add(output.id(), upstream);
                Dispatcher.fullPrecision(() -> adjoints.through(entries));
                return adjoints.results(with);
            } finally {
                if (suspended != null) {
                    CURRENT.set(suspended);
                }
            }
        } finally {
            release();
        }
    }

    private void release() {
        closed = true;
        entries.forEach(Entry::release);
        entries.clear();
        tracked.clear();
        standIns.clear();
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
}
