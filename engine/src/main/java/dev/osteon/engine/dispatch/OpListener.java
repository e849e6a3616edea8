package dev.osteon.engine.dispatch;

import dev.osteon.engine.op.Op;
import dev.osteon.engine.tensor.Tensor;
import java.util.List;

/** Observes every operation: profilers, NaN guards. The operations know nothing of it. */
@FunctionalInterface
public interface OpListener {

    /** Whether it needs to hear of each operation; one that needs not leaves steps to be recorded ({@link Replay}). */
    default boolean hearsOperations() {
        return true;
    }

    /** Called on the calling thread before the kernel is run or queued; {@link #ran} or {@link #failed} follows. */
    default void begins(Op op, List<Tensor> inputs) {}

    /** Called on the calling thread after the kernel was run or queued; {@code nanos} is the host's time for it. */
    void ran(Op op, List<Tensor> inputs, List<Tensor> outputs, long nanos);

    /** Called in place of {@link #ran} when the kernel threw something. */
    default void failed(Op op) { }

    /** Called on the calling thread when a span begins. */
    default void opened(Span span) { }

    /** Called on the calling thread when a span has ended. */
    default void closed(Span span) { }
}
