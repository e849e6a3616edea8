package dev.osteon.app.explain;

import static dev.osteon.engine.op.Ops.concat;
import static dev.osteon.engine.op.Ops.exp;
import static dev.osteon.engine.op.Ops.gather;
import static dev.osteon.engine.op.Ops.log;
import static dev.osteon.engine.op.Ops.matmulTransposed;
import static dev.osteon.engine.op.Ops.max;
import static dev.osteon.engine.op.Ops.mean;
import static dev.osteon.engine.op.Ops.norm;
import static dev.osteon.engine.op.Ops.sum;
import static java.lang.Double.NEGATIVE_INFINITY;

import dev.osteon.engine.tensor.Shape;
import dev.osteon.engine.tensor.Tensor;
import dev.osteon.ssl.loss.NtXent;
import java.util.List;
import java.util.Map;
import java.util.function.BiPredicate;
import java.util.stream.IntStream;

/** {@link NtXent} step by step. */
record NtXentWalk(NtXent ntXent) implements Walk {

    NtXentWalk() {
        this(new NtXent(0.1));
    }

    @Override
    public String title() {
        return "NT-Xent, the loss of SimCLR";
    }

    @Override
    public String purpose() {
        return "Each of the 2N embeddings must find its partner, the other view of its own sample, among the 2N − 1 "
                + "others: a classification whose classes are the rows of the batch.";
    }

    @Override
    public Map<String, String> settings() {
        return Map.of("temperature t", String.valueOf(ntXent.temperature()));
    }

    @Override
    public Tensor loss(List<Tensor> views) {
        return ntXent.loss(views.get(0), views.get(1));
    }

    @Override
    public Tensor walk(List<Tensor> views, Steps steps) {
        int n = views.getFirst().dim(0);
        Axis rows = Axis.bothViews(n);
        Axis others = new Axis("compared with", rows.labels());
        Axis dimensions = Axis.dimensions(views.getFirst().dim(1));

        Tensor e = concat(0, views);                                                              // step: embeddings
        steps.add("embeddings", "Embeddings", "E = [A; B]   [2N, d]", """
                What the projection head gives for view A and view B of every sample, one below the other. Rows A1 and
                B1 are the two views of sample 1: they are partners.""",
                () -> List.of(Heat.of("E", rows, dimensions, e)));

        Tensor length = norm(e, 1);                                                               // step: unit
        Tensor z = e.div(length);                                                                 // step: unit
        steps.add("unit", "Normalised embeddings", "zᵢ = eᵢ / ‖eᵢ‖   [2N, d]", """
                Only the direction of an embedding counts from here on. That is why the gradient with respect to E,
                below, is at right angles to each row of E: growing longer changes nothing.""",
                () -> List.of(Heat.of("‖e‖", rows, Axis.single("length"), length),
                        Heat.of("Z", rows, dimensions, z)));

        Tensor similarity = matmulTransposed(z, z);                                               // step: similarity
        steps.add("similarity", "Similarity matrix", "sᵢⱼ = zᵢ·zⱼ   [2N, 2N]", """
                The cosines of all pairs of rows, from −1 to 1. The matrix is symmetric, its diagonal is 1, and the
                outlined cells ought to be larger than the rest of their row.""",
                () -> List.of(Heat.of("S", rows, others, similarity).marking("partner", partners(n))));

        Tensor scaled = similarity.div(ntXent.temperature());                                     // step: scaled
        steps.add("scaled", "Scaled logits", "ℓᵢⱼ = sᵢⱼ / t   [2N, 2N]", """
                Dividing by a temperature below 1 stretches the cosines, so that the softmax below can become sharp:
                with t = 0.1 the logits reach ±10, and a cosine that is larger by 0.1 weighs e times as much.""",
                () -> List.of(Heat.of("S / t", rows, others, scaled).marking("partner", partners(n))));

        Tensor logits = scaled.maskDiagonal(NEGATIVE_INFINITY);                                   // step: masked
        steps.add("masked", "Diagonal mask", "ℓᵢᵢ ← −∞", """
                Nobody may pick himself: the diagonal is the largest number of every row and would win. It is set to
                −∞, whose exponential is 0. Multiplying by a mask of zeros instead would leave exp(0) = 1 in the
                sum.""", () -> List.of(Heat.of("ℓ", rows, others, logits).marking("partner", partners(n))));

        Tensor weights = exp(logits.sub(max(logits, 1)));                                         // step: softmax
        Tensor p = weights.div(sum(weights, 1));                                                  // step: softmax
        steps.add("softmax", "Softmax with the partners marked", "pᵢⱼ = exp ℓᵢⱼ / Σ_{a ≠ i} exp ℓᵢₐ", """
                Row i is how row i's choice is distributed; each row sums to 1. The largest logit of a row is taken off
                first, which changes nothing and keeps exp from overflowing. Shown with its sums: column sums are not 1,
                some rows are popular.""",
                () -> List.of(Heat.of("p", rows, others, p).marking("partner", partners(n)).withTotals()));

        Tensor partner = Tensor.of(e.device(), Shape.of(2 * n), partnersOf(n));                   // step: anchors
        Tensor perAnchor = log(gather(p, partner)).neg();                                         // step: anchors
        steps.add("anchors", "Loss of each anchor", "Lᵢ = −log p(i, partner of i)   [2N]", """
                One number of each row is read, the outlined one: near 0 where the partner was found, log(2N − 1) where
                all others are alike.""",
                () -> List.of(Heat.of("Lᵢ", Axis.single("Lᵢ"), rows, perAnchor)));

        Tensor mean = mean(perAnchor);                                                            // step: loss
        Tensor loss = ntXent.anchors() == NtXent.Anchors.MEAN_OF_ALL ? mean : mean.mul(2);        // step: loss
        steps.add("loss", "Loss", "L = 1/(2N) Σᵢ Lᵢ", """
                The mean over all 2N anchors, each view once as the one that asks and once as the one to be found.""",
                () -> List.of(Heat.of("L", Axis.single("L"), Axis.single("loss"), loss)));
        return loss;
    }

    private static int[] partnersOf(int n) {
        return IntStream.range(0, 2 * n).map(i -> (i + n) % (2 * n)).toArray();
    }

    private static BiPredicate<Integer, Integer> partners(int n) {
        return (row, column) -> column == (row + n) % (2 * n);
    }

    @Override
    public List<Excerpt> code() {
        return List.of(Source.of(NtXent.class).method("public Tensor loss(Tensor zi, Tensor zj)"));
    }
}
