package dev.osteon.ssl.train;

import dev.osteon.engine.EngineException;
import dev.osteon.engine.dispatch.Replay;
import dev.osteon.engine.dispatch.Span;
import dev.osteon.engine.memory.TensorScope;
import dev.osteon.engine.op.Ops;
import dev.osteon.engine.random.Philox;
import dev.osteon.engine.tensor.Shape;
import dev.osteon.engine.tensor.Tensor;
import dev.osteon.models.EncoderWithHead;
import dev.osteon.nn.Mode;
import dev.osteon.nn.Optimizer;
import dev.osteon.nn.TrainingPrecision;
import dev.osteon.nn.schedule.LearningRate;
import dev.osteon.ssl.data.SegmentStore;
import dev.osteon.ssl.loss.Batch;
import dev.osteon.ssl.loss.SslMethod;
import dev.osteon.ssl.views.ViewPolicy;
import dev.osteon.ssl.views.ViewStatistics;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.function.DoubleSupplier;

/**
 * Trains an encoder and its projection head on views alone. The encoder runs once for each resolution, so that
 * batch-norm's statistics are of one resolution; the head runs once over all views.
 *
 * @param model     images [B, 1, s, s] to embeddings [B, d], for any s of the policy
 * @param method    its parameters are trained, too; the optimiser must know them
 * @param classes   class of each segment of the store, of which those trained on are read; empty for unlabelled data
 */
public record PretextTrainer(EncoderWithHead model, SslMethod method, ViewPolicy policy, SegmentStore segments,
        Optional<int[]> classes, Optimizer optimizer, LearningRate schedule, Settings settings) {

    /**
     * How long and how.
     *
     * @param batch      samples per step; fewer when there are not so many; what does not fill a batch waits for
     *                   another epoch
     * @param microBatch samples whose activations are in memory at a time, see {@link MicroBatches}; 0 for the batch
     * @param seed       of the order of samples and of their views
     * @param precision  of the network; losses and parameters are float32 in any
     */
    public record Settings(int epochs, int batch, int microBatch, long seed, TrainingPrecision precision) {

        public Settings {
            if (epochs < 0 || batch < 2 || microBatch < 0) {
                throw new EngineException("pretraining: given " + epochs + " epochs, a batch of " + batch
                        + " and a micro-batch of " + microBatch + "; expected 0 or more epochs, a batch of 2 or more "
                        + "and a micro-batch of 0 or more");
            }
        }
    }

    /** What an epoch came to. */
    public record Epoch(int number, double loss, double learningRate, double seconds, int images,
            ViewStatistics views) {}

    /** Hears of the progress. */
    public interface Listener {

        /**
         * After each step was queued.
         *
         * @param loss the step's; asking for it waits for the device
         */
        void step(int epoch, int step, int stepsPerEpoch, DoubleSupplier loss);

        /** When steps are given to the device another way than before, on one that can record them; for people. */
        default void way(String way) {}

        /** After each epoch. */
        void epoch(Epoch epoch);
    }

    /** Steps of one epoch over {@code samples} samples. */
    public static int stepsPerEpoch(int samples, int batch) {
        return Math.max(1, samples / batch);
    }

    /**
     * Trains on the samples given; the modules are left in evaluation mode. Batches and views of an epoch depend on the
     * seed and its number alone: from a checkpoint of the model, the method's state and the optimiser after {@code
     * from}
     * epochs, training goes on to the same bits as one that was never interrupted.
     *
     * @param from epochs already done
     * @throws EngineException when the loss is no longer a number
     */
    public void train(int[] samples, int from, Listener listener) {
        if (samples.length < 2) {
            throw new EngineException("pretraining: given " + samples.length + " segments; expected 2 or more");
        }
        int batch = Math.min(settings.batch, samples.length);
        try (Replay replay = Replay.on(segments.device())) {
            train(samples, from, listener, replay, batch);
        }
        model.mode(Mode.EVAL);
    }

    private void train(int[] samples, int from, Listener listener, Replay replay, int batch) {
        int steps = stepsPerEpoch(samples.length, batch);
        Philox random = Philox.of(settings.seed).fork("pretext");
        Optional<String> told = Optional.empty();
        for (int epoch = from; epoch < settings.epochs; epoch++) {
            model.mode(Mode.TRAIN);           // a listener may have looked at the frozen encoder
            Philox views = random.fork("views").fork(epoch);
            int[] order = random.fork("order").fork(epoch).permutation(samples.length);
            long start = System.nanoTime();
            double rate = 0;
            double sum;
            ViewStatistics drawn;
            try (StepResults results = new StepResults(epoch); TensorScope scope = TensorScope.open()) {
                Tensor key = Tensor.of(segments.device(), Shape.of(2), (int) views.key(),
                        (int) (views.key() >>> Integer.SIZE));
                for (int step = 0; step < steps; step++) {
                    int[] chosen = Arrays.stream(order, step * batch, (step + 1) * batch).map(i -> samples[i])
                            .toArray();
                    rate = schedule.at(epoch * steps + step);
                    step(replay, chosen, key, rate, new Batch.Moment(epoch, (long) epoch * steps + step), results,
                            step);
                    if (!replay.way().equals(told)) {
                        told = replay.way();
                        told.ifPresent(listener::way);
                    }
                    listener.step(epoch, step, steps, results::latest);
                }
                sum = results.sum();
                drawn = results.views();
            }
            listener.epoch(new Epoch(epoch, sum / steps, rate, (System.nanoTime() - start) / 1e9, steps * batch,
                    drawn));
        }
    }

    /** Says what a step is to do; all of it is the device's, recorded where it can be. */
    private void step(Replay replay, int[] samples, Tensor key, double rate, Batch.Moment moment, StepResults results,
            int number) {
        try (TensorScope scope = TensorScope.open();
                Span span = Span.open(Span.Kind.STEP, "step " + moment.iteration())) {
            StepInputs inputs = new StepInputs(Tensor.of(segments.device(), Shape.of(1), (float) rate),
                    labels(samples), Tensor.of(segments.device(), Shape.of(samples.length), samples), key);
            results.add(replay.run(method.variant(moment), inputs.tensors(), given -> step(inputs.as(given), moment)),
                    number, rate);
        }
    }

    /** Draws and cuts the views, and trains with them; a result for {@link StepResults}. */
    private Tensor step(StepInputs inputs, Batch.Moment moment) {
        method.beforeForward();
        try (TensorScope scope = TensorScope.open()) {
            List<SegmentStore.Drawn> drawn = draw(inputs);
            List<MicroBatches.Part> parts = drawn.stream().map(part -> new MicroBatches.Part(part.samples(),
                    part.views().stream().map(segments::cut).toList())).toList();
            try (MicroBatches.Step step = new MicroBatches(model, method, settings.precision, optimizer.lossScale())
                    .step(parts, inputs.labels(), moment)) {
                method.beforeUpdate(step.gradients(), moment);
                optimizer.step(step.gradients(), inputs.learningRate(), Optional.empty());
                return scope.keep(StepResults.of(step.loss(),
                        drawn.stream().map(SegmentStore.Drawn::statistics).toList()));
            }
        }
    }

    /** The batch's views, in parts of as equal a size as can be. */
    private List<SegmentStore.Drawn> draw(StepInputs inputs) {
        int batch = inputs.samples().dim(0);
        int count = settings.microBatch == 0 ? 1 : Math.ceilDiv(batch, settings.microBatch);
        List<SegmentStore.Drawn> parts = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            int from = i * batch / count;
            Tensor part = Ops.slice(inputs.samples(), 0, from, (i + 1) * batch / count - from);
            parts.add(segments.draw(part, inputs.key(), policy.sampling()));
        }
        return parts;
    }

    private Optional<Tensor> labels(int[] samples) {
        return classes.map(all -> Tensor.of(segments.device(), Shape.of(samples.length),
                Arrays.stream(samples).map(n -> all[n]).toArray()));
    }
}
