package dev.osteon.ssl.train;

import dev.osteon.engine.EngineException;
import dev.osteon.engine.memory.TensorScope;
import dev.osteon.engine.op.Ops;
import dev.osteon.engine.tensor.Tensor;
import dev.osteon.ssl.views.ViewStatistics;
import java.util.ArrayDeque;
import java.util.List;
import java.util.Queue;

/**
 * What an epoch's steps came to: losses, and what drawing their views took. It stays on the device until a loss is
 * asked for, as reading waits for the device: in between, steps are queued while the device is at those before.
 */
final class StepResults implements AutoCloseable {

    /** So many steps at most are trained after the loss has stopped being a number. */
    private static final int MOST_UNREAD = 50;
    /** Of a step: its loss, tries, views, views with enough. */
    private static final int NUMBERS = 4;

    private final int epoch;
    private final Queue<Unread> unread = new ArrayDeque<>();
    private double sum;
    private double latest = Double.NaN;
    private ViewStatistics views = new ViewStatistics(0, 0, 0);

    private record Unread(Tensor result, int step, double learningRate) {}

    /** @param epoch its number, from 0 */
    StepResults(int epoch) {
        this.epoch = epoch;
    }

    /**
     * A step's result as one tensor of the loss's type, in which counts are exact up to 2²⁴.
     *
     * @param loss       one element
     * @param statistics of {@code DrawViews}, part by part of the batch
     */
    static Tensor of(Tensor loss, List<Tensor> statistics) {
        Tensor counts = statistics.stream().map(part -> part.to(loss.dtype())).reduce(Tensor::add).orElseThrow();
        return Ops.concat(0, List.of(Ops.reshape(loss, 1), counts));
    }

    /**
     * A step's result, which stays the caller's.
     *
     * @throws EngineException when the loss of one of those before is no number
     */
    void add(Tensor result, int step, double learningRate) {
        unread.add(new Unread(TensorScope.detach(result.alias(result.spec())), step, learningRate));
        if (unread.size() == MOST_UNREAD) {
            read();
        }
    }

    /**
     * The last step's loss.
     *
     * @throws EngineException when it, or one before, is no number
     */
    double latest() {
        read();
        return latest;
    }

    /**
     * The losses of all steps.
     *
     * @throws EngineException when one is no number
     */
    double sum() {
        read();
        return sum;
    }

    /** What drawing the views of all steps took. */
    ViewStatistics views() {
        read();
        return views;
    }

    private void read() {
        if (unread.isEmpty()) {
            return;
        }
        double[] values;
        try (TensorScope scope = TensorScope.open()) {
            values = Ops.concat(0, unread.stream().map(Unread::result).toList()).toDoubles();
        }
        for (int at = 0; at < values.length; at += NUMBERS) {
            Unread next = unread.remove();
            next.result.close();
            latest = values[at];
            if (!Double.isFinite(latest)) {
                throw new EngineException("pretraining: the loss is " + latest + " in epoch " + (epoch + 1) + ", step "
                        + (next.step + 1) + "; expected a number; lower the learning rate (now " + next.learningRate
                        + ")");
            }
            sum += latest;
            views = new ViewStatistics(views.views() + (long) values[at + 2], views.tries() + (long) values[at + 1],
                    views.enough() + (long) values[at + 3]);
        }
    }

    @Override
    public void close() {
        unread.forEach(next -> next.result.close());
        unread.clear();
    }
}
