package dev.osteon.ssl.loss;

import static dev.osteon.engine.op.Ops.concat;
import static dev.osteon.engine.op.Ops.l2Normalize;
import static dev.osteon.engine.op.Ops.mean;
import static dev.osteon.engine.op.Ops.slice;
import static dev.osteon.engine.op.Ops.softCrossEntropy;
import static dev.osteon.engine.op.Ops.softmax;
import static dev.osteon.ssl.loss.Embeddings.full;

import dev.osteon.engine.EngineException;
import dev.osteon.engine.autograd.Gradients;
import dev.osteon.engine.autograd.Tape;
import dev.osteon.engine.tensor.Tensor;
import dev.osteon.nn.Initializer;
import dev.osteon.nn.Module;
import dev.osteon.nn.Sequential;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Optional;
import java.util.SequencedMap;

/**
 * Swapping assignments between views (Caron et al. 2020, "Unsupervised Learning of Visual Features by Contrasting
 * Cluster Assignments", eq. 1-2): the code q_i that {@link SinkhornKnopp} gives a global view is to be predicted from
 * every other view v of the same sample, l(z_v, q_i) = −Σ_k q_i^k log softmax(z_v·c_k / τ). No gradient flows through
 * codes. The order of a step is the official one: normalise the prototypes, forward, codes and queue, backward, drop
 * the prototypes' gradient for the first steps, update.
 */
public final class Swav implements SslMethod {

    private static final int GLOBAL_VIEWS = 2;

    private final Settings settings;
    private final MultiCropLoss.Reduction reduction;
    private final SinkhornKnopp sinkhorn;
    private final Prototypes prototypes;
    private final Optional<EmbeddingQueue> queue;

    /**
     * What SwAV can be told.
     *
     * @param prototypes     K, 2 or more
     * @param temperature    τ of the predictions, above 0
     * @param epsilon        of {@link SinkhornKnopp}
     * @param iterations     of {@link SinkhornKnopp}
     * @param freezeSteps    optimiser steps at the beginning that leave the prototypes as they are
     * @param queueRows      length of the queue of each global view, rounded down to whole batches; 0 for none
     * @param queueFromEpoch the epoch, from 0, in which the queue begins to be filled
     */
    public record Settings(int prototypes, double temperature, double epsilon, int iterations, long freezeSteps,
            int queueRows, int queueFromEpoch) {

        /** The official defaults, which are for the 1.28 million images of ImageNet and a batch of 4096. */
        public static final Settings IMAGENET = new Settings(3000, 0.1, 0.05, 3, 313, 0, 15);

        public Settings {
            if (prototypes < 2 || !(temperature > 0) || freezeSteps < 0 || queueRows < 0 || queueFromEpoch < 0) {
                throw new EngineException("swav: given " + prototypes + " prototypes, temperature " + temperature
                        + ", " + freezeSteps + " frozen steps, a queue of " + queueRows + " from epoch "
                        + queueFromEpoch + "; expected 2 or more, above 0, and 0 or more");
            }
        }
    }

    /**
     * @param init  device, element type and seed of the prototypes
     * @param dim   d, the embeddings' size
     * @param batch samples of a step, for the length of the queue
     */
    public Swav(Initializer init, int dim, int batch, Settings settings, MultiCropLoss.Reduction reduction) {
        this.settings = settings;
        this.reduction = reduction;
        sinkhorn = new SinkhornKnopp(settings.epsilon, settings.iterations);
        prototypes = new Prototypes(init.child("prototypes"), settings.prototypes, dim);
        int rows = settings.queueRows - settings.queueRows % batch;
        queue = rows == 0 ? Optional.empty()
                : Optional.of(new EmbeddingQueue(init.device(), init.dtype(), GLOBAL_VIEWS, rows, dim));
    }

    /** Whether prototypes are frozen; whether there is a queue, and it is full. */
    private record Variant(boolean frozen, boolean queued, boolean full) {}

    @Override
    public Object variant(Batch.Moment moment) {
        return new Variant(frozen(moment), queued(moment), queue.filter(EmbeddingQueue::isKnownFull).isPresent());
    }

    private boolean frozen(Batch.Moment moment) {
        return moment.iteration() < settings.freezeSteps;
    }

    private boolean queued(Batch.Moment moment) {
        return queue.isPresent() && moment.epoch() >= settings.queueFromEpoch;
    }

    @Override
    public void beforeForward() {
        prototypes.normalise();
    }

    /** The loss; the embeddings of the global views go into the queue, so call it once for each step. */
    @Override
    public Tensor loss(Batch batch) {
        return record(batch).loss;
    }

    /** A loss and the codes [B, K] of the global views that it was computed with. */
    public record Recorded(Tensor loss, List<Tensor> codes) {}

    /** {@link #loss}, with its codes. */
    public Recorded record(Batch batch) {
        List<Tensor> e = batch.views().stream().map(z -> l2Normalize(full(z))).toList();         // [B, d] of each view
        List<Tensor> scores = e.stream().map(prototypes::forward).toList();                      // [B, K]
        List<Tensor> q = Tape.paused(() -> codes(e, scores, batch));                             // of each global view
        Tensor loss = reduction.of(concat(0, MultiCropLoss.pairs(scores.size()).stream()
                .map(pair -> crossEntropy(q.get(pair.i()), scores.get(pair.v()))).toList()));
        return new Recorded(loss, q);
    }

    /** −mean Σ_k q^k log softmax(score_k / τ). */
    private Tensor crossEntropy(Tensor q, Tensor scores) {
        return mean(softCrossEntropy(full(scores), q, 1 / settings.temperature));
    }

    /**
     * The codes of the global views. A queue that is full lends its embeddings, scored anew with today's prototypes,
     * to Sinkhorn; as in the official code view 2 uses its queue when view 1 does.
     */
    private List<Tensor> codes(List<Tensor> e, List<Tensor> scores, Batch batch) {
        List<Tensor> codes = new ArrayList<>();
        boolean queueInUse = false;
        for (int i = 0; i < GLOBAL_VIEWS; i++) {
            Tensor s = scores.get(i);
            if (queued(batch.moment())) {
                queueInUse |= queue.get().full(i);
                s = queueInUse ? concat(0, prototypes.forward(queue.get().rows(i)), s) : s;
                queue.get().push(i, e.get(i));
            }
            Tensor q = sinkhorn.codes(s);
            codes.add(queueInUse ? slice(q, 0, s.dim(0) - batch.samples(), batch.samples()) : q);
        }
        return codes;
    }

    /** Without a gradient the optimiser leaves the prototypes alone altogether: no momentum, no decay. */
    @Override
    public void beforeUpdate(Gradients gradients, Batch.Moment moment) {
        if (frozen(moment)) {
            gradients.drop(prototypes.weight().tensor());
        }
    }

    public Prototypes prototypes() {
        return prototypes;
    }

    /** The codes [B, K] of embeddings [B, d], without the queue: which prototypes are in use. */
    public Tensor codesOf(Tensor embeddings) {
        return Tape.paused(() -> sinkhorn.codes(prototypes.forward(l2Normalize(full(embeddings)))));
    }

    /** The predictions p = softmax(z·c / τ) [B, K] from embeddings [B, d], off the tape. */
    public Tensor predictionsOf(Tensor embeddings) {
        return Tape.paused(() -> softmax(prototypes.forward(l2Normalize(full(embeddings))).div(settings.temperature),
                -1));
    }

    /** {@code prototypes.weight} [K, d], and with a queue {@code queue.view0} and {@code queue.view1} [rows, d]. */
    @Override
    public Module state() {
        SequencedMap<String, Module> parts = new LinkedHashMap<>();
        parts.put("prototypes", prototypes);
        queue.ifPresent(q -> parts.put("queue", q));
        return new Sequential(parts);
    }
}
