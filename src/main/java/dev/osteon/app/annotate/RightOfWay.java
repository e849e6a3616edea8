package dev.osteon.app.annotate;

import dev.osteon.engine.dispatch.OpListener;
import dev.osteon.engine.op.Op;
import dev.osteon.engine.tensor.Tensor;
import java.lang.ScopedValue.CallableOp;
import java.util.List;

/**
 * Lets the mask that a person waits for go before what runs in the background: between two operations of the engine
 * the background stands still as long as somebody waits. It must not hold a lock that the first one needs.
 */
final class RightOfWay implements OpListener {

    private final ScopedValue<Boolean> inBackground = ScopedValue.newInstance();
    private int waiting;

    /** Does what somebody waits for. */
    <T, X extends Throwable> T first(CallableOp<T, X> work) throws X {
        change(1);
        try {
            return work.call();
        } finally {
            change(-1);
        }
    }

    /** Does what can wait. */
    <T, X extends Throwable> T behind(CallableOp<T, X> work) throws X {
        return ScopedValue.where(inBackground, true).call(work);
    }

    private synchronized void change(int by) {
        waiting += by;
        notifyAll();
    }

    @Override
    public void ran(Op op, List<Tensor> inputs, List<Tensor> outputs, long nanos) {
        if (inBackground.isBound()) {
            giveWay();
        }
    }

    private synchronized void giveWay() {
        try {
            while (waiting > 0) {
                wait();
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();     // the work goes on to its end
        }
    }
}
