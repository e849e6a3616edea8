package dev.osteon.app.explain;

import static dev.osteon.engine.op.Ops.concat;
import static dev.osteon.engine.op.Ops.exp;
import static dev.osteon.engine.op.Ops.log;
import static dev.osteon.engine.op.Ops.matmulTransposed;
import static dev.osteon.engine.op.Ops.max;
import static dev.osteon.engine.op.Ops.mean;
import static dev.osteon.engine.op.Ops.norm;
import static dev.osteon.engine.op.Ops.slice;
import static dev.osteon.engine.op.Ops.sum;

import dev.osteon.engine.autograd.Tape;
import dev.osteon.engine.op.Ops;
import dev.osteon.engine.tensor.DType;
import dev.osteon.engine.tensor.Device;
import dev.osteon.engine.tensor.Tensor;
import dev.osteon.nn.Initializer;
import dev.osteon.ssl.loss.Batch;
import dev.osteon.ssl.loss.MultiCropLoss;
import dev.osteon.ssl.loss.SinkhornKnopp;
import dev.osteon.ssl.loss.Swav;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;

/**
 * {@link Swav} step by step, on two views and without a queue.
 *
 * @param prototypes of the class before they are normalised [K, d]
 */
record SwavWalk(Swav swav, Swav.Settings settingsOfSwav, Tensor prototypes) implements Walk {

    private static final int PROTOTYPES = 5;
    private static final List<String> NAMES = List.of("A", "B");

    /** With few enough prototypes to look at, drawn by the example's seed. */
    static SwavWalk of(Example example) {
        Swav.Settings settings = new Swav.Settings(PROTOTYPES, 0.1, 0.05, 3, 0, 0, 0);
        Swav swav = new Swav(Initializer.on(Device.REFERENCE, DType.F64, example.seed()), example.dim(),
                example.batch(), settings, MultiCropLoss.Reduction.MEAN);
        Tensor before = Ops.affine(swav.prototypes().weight().tensor(), 1, 0);   // a copy: what follows is in place
        swav.beforeForward();
        return new SwavWalk(swav, settings, before);
    }

    @Override
    public String title() {
        return "SwAV, swapped assignments";
    }

    @Override
    public String purpose() {
        return "View A must predict to which prototypes view B was assigned, and the other way round. The assignments, "
                + "called codes, use all prototypes alike; otherwise all samples would end on one of them.";
    }

    @Override
    public Map<String, String> settings() {
        Map<String, String> settings = new LinkedHashMap<>();
        settings.put("prototypes K", String.valueOf(settingsOfSwav.prototypes()));
        settings.put("temperature τ", String.valueOf(settingsOfSwav.temperature()));
        settings.put("Sinkhorn's ε", String.valueOf(settingsOfSwav.epsilon()));
        settings.put("Sinkhorn's iterations", String.valueOf(settingsOfSwav.iterations()));
        return settings;
    }

    @Override
    public Tensor loss(List<Tensor> views) {
        return swav.loss(Batch.of(views));
    }

    @Override
    public Optional<String> heldBack() {
        return Optional.of("codes");
    }

    @Override
    public Function<List<Tensor>, Tensor> differentiable(List<Tensor> views) {
        List<Tensor> held = codes(scores(views, Steps.UNSEEN), Steps.UNSEEN);
        return moved -> swapped(scores(moved, Steps.UNSEEN), held, Steps.UNSEEN);
    }

    @Override
    public Tensor walk(List<Tensor> views, Steps steps) {
        List<Tensor> scores = scores(views, steps);
        return swapped(scores, Tape.paused(() -> codes(scores, steps)), steps);
    }

    /** The scores [N, K] of each view. */
    private List<Tensor> scores(List<Tensor> views, Steps steps) {
        int n = views.getFirst().dim(0);
        Axis rows = Axis.bothViews(n);
        Axis dimensions = Axis.dimensions(views.getFirst().dim(1));
        Axis clusters = clusters();

        Tensor e = concat(0, views);                                                              // step: unit
        Tensor z = e.div(norm(e, 1));                                                             // step: unit
        steps.add("unit", "Embeddings, normalised", "E = [A; B],  zᵢ = eᵢ / ‖eᵢ‖   [2N, d]", """
                What the projection head gives for both views of every sample, one below the other; then each row
                divided by its length.""",
                () -> List.of(Heat.of("E", rows, dimensions, e), Heat.of("Z", rows, dimensions, z)));

        Tensor c = prototypes.div(norm(prototypes, 1));                                           // step: prototypes
        steps.add("prototypes", "Prototypes, normalised", "cₖ ← cₖ / ‖cₖ‖   [K, d]", """
                Trainable directions, scaled to length 1 in place before every forward pass. It is no part of what is
                differentiated; the optimiser's step makes them longer again.""",
                () -> List.of(Heat.of("C before", clusters, dimensions, prototypes),
                        Heat.of("C", clusters, dimensions, c)));

        Tensor s = matmulTransposed(z, c);                                                        // step: scores
        steps.add("scores", "Scores", "sᵢₖ = zᵢ·cₖ   [2N, K]", """
                The cosine of each embedding and each prototype, from −1 to 1. Both what follows for codes and what
                follows for predictions starts here.""", () -> List.of(Heat.of("S", rows, clusters, s)));
        return List.of(slice(s, 0, 0, n), slice(s, 0, n, n));
    }

    /** Sinkhorn and Knopp's iterations as published: rows of each view's Q are samples, columns are prototypes. */
    private List<Tensor> codes(List<Tensor> scores, Steps steps) {
        Axis samples = Axis.numbered("sample", "", scores.getFirst().dim(0));
        Axis clusters = clusters();
        List<Tensor> q = new ArrayList<>();
        for (Tensor s : scores) {
            Tensor positive = exp(s.div(settingsOfSwav.epsilon()));                               // step: positive
            q.add(positive.div(sum(positive)));                                                   // step: positive
        }
        List<Tensor> start = List.copyOf(q);
        steps.add("positive", "Where Sinkhorn starts", "Q = exp(S / ε) / Σ exp(S / ε)   [N, K] for each view", """
                Positive numbers, large where sample and prototype are alike. Wanted: every sample gives away one unit
                (row sums Σ alike), and every prototype gets as much as any other (column sums alike). Here neither is
                so. No gradient flows through this step and the next ones.""",
                () -> List.of(q("Q of view A", samples, clusters, start.get(0)),
                        q("Q of view B", samples, clusters, start.get(1))));
        for (int i = 1; i <= settingsOfSwav.iterations(); i++) {
            List<Heat> shown = new ArrayList<>();
            for (int view = 0; view < q.size(); view++) {
                Tensor before = q.get(view);
                Tensor shared = before.div(sum(before, 0));                                       // step: sinkhorn
                Tensor given = shared.div(sum(shared, 1));                                        // step: sinkhorn
                q.set(view, given);
                shown.add(q(NAMES.get(view) + ": before", samples, clusters, before));
                shown.add(q(NAMES.get(view) + ": prototypes normalised", samples, clusters, shared));
                shown.add(q(NAMES.get(view) + ": samples normalised", samples, clusters, given));
            }
            steps.add("sinkhorn", "Sinkhorn, iteration " + i + " of " + settingsOfSwav.iterations(),
                    "q·ₖ ← q·ₖ / Σₙ qₙₖ,  then  qₙ· ← qₙ· / Σₖ qₙₖ", """
                    First each prototype's column is divided by its sum, then each sample's row. Either spoils the other
                    a little, less so with every iteration. The samples come last, so that their rows sum to exactly 1.
                    The official code also divides by K and N in between; the next division undoes that.""",
                    () -> shown);
        }
        steps.add("codes", "Codes", "q = Q after the last iteration   [N, K]", """
                Soft assignments: rows sum to 1, columns to about N / K.""",
                () -> List.of(q("q of view A", samples, clusters, q.get(0)),
                        q("q of view B", samples, clusters, q.get(1))));
        return List.copyOf(q);                                                                    // step: codes
    }

    /** Each view predicts the other's codes. */
    private Tensor swapped(List<Tensor> scores, List<Tensor> codes, Steps steps) {
        Axis samples = Axis.numbered("sample", "", scores.getFirst().dim(0));
        Axis clusters = clusters();
        List<Tensor> logP = new ArrayList<>();
        for (Tensor s : scores) {
            Tensor logits = s.div(settingsOfSwav.temperature());                                  // step: predictions
            Tensor shifted = logits.sub(max(logits, 1));                                          // step: predictions
            logP.add(shifted.sub(log(sum(exp(shifted), 1))));                                     // step: predictions
        }
        steps.add("predictions", "Predictions", "pₙₖ = exp(sₙₖ / τ) / Σⱼ exp(sₙⱼ / τ)   [N, K]", """
                A plain softmax of the scores of each sample by itself, with a temperature of its own; here the gradient
                flows. Rows sum to 1, columns to anything.""",
                () -> List.of(q("p of view A", samples, clusters, exp(logP.get(0))),
                        q("p of view B", samples, clusters, exp(logP.get(1)))));

        Tensor aFromB = sum(codes.get(0).mul(logP.get(1)), 1).neg();                              // step: swapped
        Tensor bFromA = sum(codes.get(1).mul(logP.get(0)), 1).neg();                              // step: swapped
        steps.add("swapped", "Swapped cross-entropies",
                "l(p_B, q_A)ₙ = −Σₖ qₙₖ(A) log pₙₖ(B),  and A and B swapped   [N]", """
                How badly one view's prediction fits the other view's code, sample by sample. A view's own code is never
                what it must predict: that would be easy.""",
                () -> List.of(Heat.of("cross-entropies", samples, new Axis("code of ← prediction of",
                        List.of("A ← B", "B ← A")), concat(1, aFromB, bFromA))));

        Tensor loss = mean(aFromB).add(mean(bFromA)).div(2);                                      // step: loss
        steps.add("loss", "Loss", "L = ½ [mean l(p_B, q_A) + mean l(p_A, q_B)]", """
                The mean over samples and over both directions. With local views, each predicts both codes as well.""",
                () -> List.of(Heat.of("L", Axis.single("L"), Axis.single("loss"), loss)));
        return loss;
    }

    private static Heat q(String name, Axis samples, Axis clusters, Tensor values) {
        return Heat.of(name, samples, clusters, values).withTotals();
    }

    private Axis clusters() {
        return Axis.numbered("prototype", "c", settingsOfSwav.prototypes());
    }

    @Override
    public List<Excerpt> code() {
        return List.of(Source.of(Swav.class).method("public Recorded record(Batch batch)"),
                Source.of(SinkhornKnopp.class).method("public Tensor codes(Tensor scores)"));
    }

    @Override
    public void close() {
        swav.close();
    }
}
