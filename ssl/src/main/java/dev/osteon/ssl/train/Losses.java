package dev.osteon.ssl.train;

import dev.osteon.engine.EngineException;
import dev.osteon.engine.memory.TensorScope;
import dev.osteon.engine.op.Ops;
import dev.osteon.engine.tensor.Tensor;
import java.util.ArrayDeque;
import java.util.Queue;

/**
 * The losses of an epoch's steps. They stay on the device until one is asked for, as reading waits for the device: in
 * between, steps are queued while the device is at those before.
 */
final class Losses implements AutoCloseable {

    /** So many steps at most are trained after the loss has stopped being a number. */
    private static final int MOST_UNREAD = 50;

    private final int epoch;
    private final Queue<Unread> unread = new ArrayDeque<>();
    private double sum;
    private double latest = Double.NaN;

    private record Unread(Tensor loss, int step, double learningRate) {}

    /** @param epoch its number, from 0 */
    Losses(int epoch) {
        this.epoch = epoch;
    }

    /**
     * A step's loss, one element, which stays the caller's.
     *
     * @throws EngineException when one of those before is no number
     */
    void add(Tensor loss, int step, double learningRate) {
        unread.add(new Unread(TensorScope.detach(loss.alias(loss.spec())), step, learningRate));
        if (unread.size() == MOST_UNREAD) {
            read();
        }
    }

    /**
     * The last step's.
     *
     * @throws EngineException when it, or one before, is no number
     */
    double latest() {
        read();
        return latest;
    }

    /**
     * Of all steps.
     *
     * @throws EngineException when one is no number
     */
    double sum() {
        read();
        return sum;
    }

    private void read() {
        if (unread.isEmpty()) {
            return;
        }
        double[] values;
        try (TensorScope scope = TensorScope.open()) {
            values = Ops.concat(0, unread.stream().map(next -> Ops.reshape(next.loss, 1)).toList()).toDoubles();
        }
        for (double value : values) {
            Unread next = unread.remove();
            next.loss.close();
            latest = value;
            if (!Double.isFinite(latest)) {
                throw new EngineException("pretraining: the loss is " + latest + " in epoch " + (epoch + 1) + ", step "
                        + (next.step + 1) + "; expected a number; lower the learning rate (now " + next.learningRate
                        + ")");
            }
            sum += latest;
        }
    }

    @Override
    public void close() {
        unread.forEach(next -> next.loss.close());
        unread.clear();
    }
}
