package dev.osteon.engine.autograd;

import dev.osteon.engine.EngineException;
import dev.osteon.engine.dispatch.Dispatcher;
import dev.osteon.engine.dispatch.Span;
import dev.osteon.engine.memory.TensorScope;
import dev.osteon.engine.tensor.DType;
import dev.osteon.engine.tensor.Tensor;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;
import java.util.function.UnaryOperator;

/**
 * A function of which the tape keeps the operands only (gradient checkpointing: Chen et al. 2016, "Training Deep Nets
 * with Sublinear Memory Cost"). When the backward pass arrives at it, it is run again from them, recorded this time,
 * and differentiated; what it made is let go then. It costs the function's operations once more and gives the same
 * gradients to the bit, as long as it gives the same results both times.
 *
 * <pre>{@code
 * Tensor y = Recomputation.of(block::forward, x);
 * }</pre>
 *
 * <p>What the function reads besides its operands, such as parameters, gets its gradients, too; it must still be open
 * and unchanged in the backward pass. What it changes in place by operations (batch-norm's running statistics) is
 * changed the first time only, and it must not read that. Both runs are under the autocast of the first. Functions may
 * contain others that are recomputed. Without a tape, or with one that tracks nothing of what it reads, the function is
 * simply run.
 */
public final class Recomputation implements Entry {

    private static final ThreadLocal<Boolean> UNDER_WAY = ThreadLocal.withInitial(() -> false);

    private final Tape tape;
    private final Function<List<Tensor>, List<Tensor>> function;
    private final Optional<DType> autocast = Dispatcher.autocast();
    private final String module = Span.innermost(Span.Kind.MODULE);
    /** Stand-ins for the operands. */
    private final List<Tensor> operands;
    private final long[] resultIds;

    Recomputation(Tape tape, Function<List<Tensor>, List<Tensor>> function, List<Tensor> operands,
            List<Tensor> results) {
        this.tape = tape;
        this.function = function;
        this.operands = operands.stream().map(tape::standIn).toList();
        this.resultIds = results.stream().mapToLong(tape::idOf).toArray();
    }

    /**
     * Runs a function of several tensors, some of which may need no gradient.
     *
     * @param function the same results each time for the same operands, all that it makes in the innermost scope; what
     *                 of it is not a result is closed
     * @return its results, in the innermost scope
     * @throws EngineException from {@link Tape#gradients}, when it gives another number of results the second time
     */
    public static List<Tensor> of(Function<List<Tensor>, List<Tensor>> function, List<Tensor> operands) {
        try (TensorScope scope = TensorScope.open()) {
            List<Tensor> results = Tape.withoutKeeping(function, operands);
            results.forEach(scope::keep);
            return results;
        }
    }

    /** Runs a function of one tensor. */
    public static Tensor of(UnaryOperator<Tensor> function, Tensor operand) {
        return of(operands -> List.of(function.apply(operands.getFirst())), List.of(operand)).getFirst();
    }

    /** For the dispatcher: whether this thread runs a function for the second time. */
    public static boolean isUnderWay() {
        return UNDER_WAY.get();
    }

    @Override
    public void backward(Adjoints adjoints) {
        if (Arrays.stream(resultIds).anyMatch(adjoints::has)) {
            List<Entry> again = tape.recorded(() -> run(adjoints));
            try {
                adjoints.through(again);
            } finally {
                again.forEach(Entry::release);
            }
        }
        release();
    }

    /** The second time; gradients of the results of the first go over to those of the second. */
    private void run(Adjoints adjoints) {
        try (TensorScope scope = TensorScope.open(); Span phase = Span.open(Span.Kind.PHASE, "recompute");
                Span span = Span.open(Span.Kind.MODULE, module)) {
            boolean before = UNDER_WAY.get();
            UNDER_WAY.set(true);
            try {
                Dispatcher.withAutocast(autocast, () -> take(function.apply(operands), adjoints));
            } finally {
                UNDER_WAY.set(before);
            }
            release();
        }
    }

    private void take(List<Tensor> results, Adjoints adjoints) {
        if (results.size() != resultIds.length) {
            throw new EngineException("recomputation: given " + results.size() + " results in the backward pass and "
                    + resultIds.length + " before; expected a function that does the same each time");
        }
        for (int i = 0; i < resultIds.length; i++) {
            adjoints.move(resultIds[i], tape.idOf(results.get(i)));
        }
    }

    @Override
    public void release() {
        operands.forEach(Tensor::close);
    }
}
