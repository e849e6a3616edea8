package dev.osteon.ssl.train;

import dev.osteon.engine.autograd.Gradients;
import dev.osteon.engine.autograd.Tape;
import dev.osteon.engine.dispatch.Span;
import dev.osteon.engine.dispatch.WeightCopies;
import dev.osteon.engine.memory.TensorScope;
import dev.osteon.engine.op.Ops;
import dev.osteon.engine.tensor.Tensor;
import dev.osteon.models.EncoderWithHead;
import dev.osteon.nn.Mode;
import dev.osteon.nn.TrainingPrecision;
import dev.osteon.ssl.loss.Batch;
import dev.osteon.ssl.loss.SslMethod;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * The exact loss and gradients of a batch with only a part of its activations in memory at a time (Gao et al. 2021,
 * "Scaling Deep Contrastive Learning Batch Size under Memory Limited Setup", section 3.2). A contrastive loss couples
 * all samples of a batch, so that gradients of its parts cannot simply be added up; but it sees the network through the
 * embeddings z alone, and Σ ⟨∂L/∂z, z⟩ with ∂L/∂z held fixed has the gradients of L:
 *
 * <ol>
 * <li>embed the parts one after the other without a tape;
 * <li>differentiate the loss of all embeddings at the embeddings;
 * <li>embed each part again, on a tape, and go back from ⟨∂L/∂z, z⟩.
 * </ol>
 *
 * <p>With a loss scale, one element, all gradients are those of the loss times the scale.
 *
 * <p>It costs one more forward pass. Batch-norm's statistics are those of a part, in both passes alike; they move the
 * running ones once. A single part is one ordinary step.
 */
record MicroBatches(EncoderWithHead network, SslMethod method, TrainingPrecision precision,
        Optional<Tensor> lossScale) {

    /**
     * Some of a batch's samples.
     *
     * @param views images [V_r·samples, 1, s_r, s_r], one tensor per resolution, view by view
     */
    record Part(int samples, List<Tensor> views) {}

    /** The loss, one element, and gradients of the network's parameters and the method's. */
    record Step(Tensor loss, Gradients gradients) implements AutoCloseable {

        @Override
        public void close() {
            loss.close();
            gradients.close();
        }
    }

    /** @param labels of the samples in the order of the parts */
    Step step(List<Part> parts, Optional<Tensor> labels, Batch.Moment moment) {
        try (TensorScope scope = TensorScope.open(); WeightCopies copies = copies()) {
            return parts.size() == 1 ? whole(parts.getFirst(), labels, moment) : divided(parts, labels, moment);
        }
    }

    /** All parts read the same weights. */
    private WeightCopies copies() {
        try (Span phase = Span.open(Span.Kind.PHASE, "forward")) {
            return precision.copies(network);
        }
    }

    private Step whole(Part part, Optional<Tensor> labels, Batch.Moment moment) {
        List<Tensor> parameters = new PretextModel(network, method).trainable();
        try (Tape tape = Tape.watching(parameters)) {
            Tensor loss = loss(new Batch(views(part), labels, moment));
            Gradients gradients = scaled(tape, loss, parameters);
            return new Step(TensorScope.detach(loss), gradients);
        }
    }

    private Step divided(List<Part> parts, Optional<Tensor> labels, Batch.Moment moment) {
        network.mode(Mode.REHEARSE);
        List<List<Tensor>> embedded = parts.stream().map(this::views).toList();                 // [b, d] each
        network.mode(Mode.TRAIN);
        List<Tensor> z = new ArrayList<>();                                                     // [B, d] of each view
        for (int v = 0; v < embedded.getFirst().size(); v++) {
            int view = v;
            z.add(Ops.concat(0, embedded.stream().map(part -> part.get(view)).toList()));
        }
        List<Tensor> watched = new ArrayList<>(z);
        watched.addAll(method.state().trainable());
        try (Tape tape = Tape.watching(watched)) {
            Tensor loss = loss(new Batch(z, labels, moment));
            Gradients gradients = scaled(tape, loss, watched);
            int from = 0;
            for (Part part : parts) {
                replay(part, from, z, gradients);
                from += part.samples;
            }
            z.forEach(gradients::drop);
            return new Step(TensorScope.detach(loss), gradients);
        }
    }

    private Gradients scaled(Tape tape, Tensor loss, List<Tensor> with) {
        return lossScale.map(scale -> tape.gradients(loss, Ops.reshape(scale, loss.shape().toArray()), with))
                .orElseGet(() -> tape.gradients(loss, with));
    }

    private Tensor loss(Batch batch) {
        try (Span phase = Span.open(Span.Kind.PHASE, "loss")) {
            return method.loss(batch);
        }
    }

    /** Adds what the samples from row {@code from} on of the embeddings owe to the network's parameters. */
    private void replay(Part part, int from, List<Tensor> z, Gradients gradients) {
        List<Tensor> parameters = network.trainable();
        try (TensorScope scope = TensorScope.open(); Tape tape = Tape.watching(parameters)) {
            List<Tensor> again = views(part);
            List<Tensor> products = new ArrayList<>();
            for (int v = 0; v < z.size(); v++) {
                Tensor gradient = Ops.slice(gradients.of(z.get(v)), 0, from, part.samples);
                products.add(Ops.sum(again.get(v).mul(gradient)));
            }
            gradients.add(tape.gradients(products.stream().reduce(Tensor::add).orElseThrow(), parameters));
        }
    }

    private Tensor forward(Part part) {
        try (Span phase = Span.open(Span.Kind.PHASE, "forward")) {
            return precision.forward(() -> network.forward(part.views));
        }
    }

    /** Embeddings [b, d] of each view, in float32 or the network's own type. */
    private List<Tensor> views(Part part) {
        Tensor all = forward(part);
        List<Tensor> views = new ArrayList<>();
        for (int row = 0; row < all.dim(0); row += part.samples) {
            views.add(Ops.slice(all, 0, row, part.samples));
        }
        return views;
    }
}
