package dev.osteon.app.explain;

import static dev.osteon.engine.op.Ops.cast;
import static dev.osteon.engine.op.Ops.concat;
import static dev.osteon.engine.op.Ops.equal;
import static dev.osteon.engine.op.Ops.exp;
import static dev.osteon.engine.op.Ops.log;
import static dev.osteon.engine.op.Ops.matmulTransposed;
import static dev.osteon.engine.op.Ops.max;
import static dev.osteon.engine.op.Ops.mean;
import static dev.osteon.engine.op.Ops.norm;
import static dev.osteon.engine.op.Ops.sum;
import static java.lang.Double.NEGATIVE_INFINITY;

import dev.osteon.engine.tensor.Tensor;
import dev.osteon.ssl.loss.SupCon;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.BiPredicate;

/**
 * {@link SupCon} step by step, with all rows as anchors.
 *
 * @param labels class numbers [N]
 */
record SupConWalk(SupCon supCon, Tensor labels) implements Walk {

    SupConWalk(Tensor labels) {
        this(new SupCon(0.1, 0.07, SupCon.Anchors.ALL), labels);
    }

    @Override
    public String title() {
        return "SupCon, the supervised contrastive loss";
    }

    @Override
    public String purpose() {
        return "Each of the 2N embeddings must find all rows of its class, the other view of its own sample among "
                + "them, in the 2N − 1 others. It is the one of the four that needs labels.";
    }

    @Override
    public Map<String, String> settings() {
        Map<String, String> settings = new LinkedHashMap<>();
        settings.put("temperature t", String.valueOf(supCon.temperature()));
        settings.put("base temperature t_base", String.valueOf(supCon.baseTemperature()));
        return settings;
    }

    @Override
    public Tensor loss(List<Tensor> views) {
        return supCon.loss(views, labels);
    }

    @Override
    public Tensor walk(List<Tensor> views, Steps steps) {
        Axis rows = Axis.bothViews(views.getFirst().dim(0));
        Axis others = new Axis("compared with", rows.labels());
        Axis dimensions = Axis.dimensions(views.getFirst().dim(1));

        Tensor e = concat(0, views);                                                              // step: embeddings
        steps.add("embeddings", "Embeddings", "E = [A; B]   [2N, d]", """
                What the projection head gives for view A and view B of every sample, one below the other.""",
                () -> List.of(Heat.of("E", rows, dimensions, e)));

        Tensor length = norm(e, 1);                                                               // step: unit
        Tensor z = e.div(length);                                                                 // step: unit
        steps.add("unit", "Normalised embeddings", "zᵢ = eᵢ / ‖eᵢ‖   [2N, d]", """
                Only directions count. The authors leave this to the network's head; here the loss does it, so that it
                cannot be forgotten.""",
                () -> List.of(Heat.of("‖e‖", rows, Axis.single("length"), length),
                        Heat.of("Z", rows, dimensions, z)));

        Tensor logits = matmulTransposed(z, z).div(supCon.temperature());                         // step: logits
        Tensor masked = logits.maskDiagonal(NEGATIVE_INFINITY);                                   // step: logits
        steps.add("logits", "Scaled similarities without the diagonal", "ℓᵢⱼ = zᵢ·zⱼ / t,  ℓᵢᵢ = −∞   [2N, 2N]", """
                As in NT-Xent: cosines over the temperature, and nobody is compared with himself.""",
                () -> List.of(Heat.of("ℓ", rows, others, masked)));

        Tensor y = concat(0, labels, labels);                                                     // step: labels
        steps.add("labels", "Labels of the rows", "y = [y; y]   [2N]", """
                Both views have their sample's class. The labels may only be those of training samples.""",
                () -> List.of(Heat.of("y", Axis.single("class"), rows, cast(y, e.dtype()))));

        Tensor sameClass = cast(equal(y.reshape(-1, 1), y.reshape(1, -1)), e.dtype());            // step: positives
        Tensor positives = sameClass.maskDiagonal(0);                                             // step: positives
        Tensor count = sum(positives, 1);                                                         // step: positives
        steps.add("positives", "Positive mask", "Mᵢⱼ = 1 if yᵢ = yⱼ and i ≠ j, else 0;  |P(i)| = Σⱼ Mᵢⱼ", """
                All rows of the anchor's class but itself. With two views there is always one at least: the sample's
                other view. The row sums are |P(i)|.""",
                () -> List.of(Heat.of("M", rows, others, positives).withTotals()));
        BiPredicate<Integer, Integer> isPositive = isOne(positives);

        Tensor shifted = masked.sub(max(masked, 1));                                              // step: log p
        Tensor logP = shifted.sub(log(sum(exp(shifted), 1)));                                     // step: log p
        steps.add("log p", "Log-probabilities", "log pᵢⱼ = ℓᵢⱼ − log Σ_{a ≠ i} exp ℓᵢₐ", """
                The sum in the denominator runs over all others, the other positives included. So with more than one
                positive no p can reach 1, and the loss cannot reach 0.""",
                () -> List.of(Heat.of("log p", rows, others, logP).marking("positive", isPositive)));

        Tensor chosen = positives.mul(logP.maskDiagonal(0));                                      // step: mean
        Tensor perAnchor = sum(chosen, 1).div(count);                                             // step: mean
        steps.add("mean", "Mean over the positives of each anchor", "mᵢ = 1/|P(i)| Σ_{p ∈ P(i)} log pᵢₚ   [2N]", """
                The logarithm is taken first, then the mean (L_out of the paper): every positive must be found. The
                logarithm of the sum of p (as in some implementations) would be content with one. The diagonal is 0
                by now: 0 times −∞ would not be a number.""",
                () -> List.of(Heat.of("M · log p", rows, others, chosen).marking("positive", isPositive),
                        Heat.of("mᵢ", rows, Axis.single("mᵢ"), perAnchor)));

        Tensor anchors = mean(perAnchor).neg();                                                   // step: loss
        Tensor loss = anchors.mul(supCon.temperature() / supCon.baseTemperature());               // step: loss
        steps.add("loss", "Mean over the anchors, and the factor t / t_base", "L = −(t / t_base) · 1/(2N) Σᵢ mᵢ", """
                The authors' code multiplies by t / t_base, the paper's equation has no such factor (t_base = t). It
                makes gradients at different temperatures alike in size, and acts like a learning rate.""",
                () -> List.of(Heat.of("−mean mᵢ", Axis.single("−mean mᵢ"), Axis.single("before"), anchors),
                        Heat.of("L", Axis.single("L"), Axis.single("loss"), loss)));
        return loss;
    }

    private static BiPredicate<Integer, Integer> isOne(Tensor mask) {
        double[] values = mask.toDoubles();
        int columns = mask.dim(1);
        return (row, column) -> values[row * columns + column] == 1;
    }

    @Override
    public List<Excerpt> code() {
        return List.of(Source.of(SupCon.class).method("private Tensor loss(List<Tensor> views, Classes classes)"));
    }
}
