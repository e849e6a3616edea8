package dev.osteon.engine.dispatch;

import dev.osteon.engine.op.Op;
import dev.osteon.engine.tensor.Tensor;
import java.util.List;

/** Observes every operation: profilers, NaN guards. The operations know nothing of it. */
public interface OpListener {

    /** Called on the calling thread after the kernel was run or queued; {@code nanos} is the host's time for it. */
    void ran(Op op, List<Tensor> inputs, List<Tensor> outputs, long nanos);

    /** Called on the calling thread when a span begins. */
    default void opened(Span span) { }

    /** Called on the calling thread when a span has ended. */
    default void closed(Span span) { }
}
