package dev.osteon.app.explain;

import static dev.osteon.engine.op.Ops.concat;
import static dev.osteon.engine.op.Ops.matmul;
import static dev.osteon.engine.op.Ops.mean;
import static dev.osteon.engine.op.Ops.relu;
import static dev.osteon.engine.op.Ops.sqrt;
import static dev.osteon.engine.op.Ops.sum;

import dev.osteon.engine.tensor.Tensor;
import dev.osteon.ssl.loss.VicReg;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** {@link VicReg} step by step, with the mean of the two variance terms. */
record VicRegWalk(VicReg vicReg) implements Walk {

    VicRegWalk() {
        this(VicReg.OFFICIAL);
    }

    @Override
    public String title() {
        return "VICReg: variance, invariance, covariance";
    }

    @Override
    public String purpose() {
        return "The two embeddings of a sample should be equal, every dimension should vary over the batch, and no two "
                + "dimensions should say the same. There are no negatives and no normalised embeddings.";
    }

    @Override
    public Map<String, String> settings() {
        Map<String, String> settings = new LinkedHashMap<>();
        settings.put("invariance weight λ", String.valueOf(vicReg.invarianceWeight()));
        settings.put("variance weight μ", String.valueOf(vicReg.varianceWeight()));
        settings.put("covariance weight ν", String.valueOf(vicReg.covarianceWeight()));
        settings.put("ε", String.valueOf(vicReg.epsilon()));
        return settings;
    }

    @Override
    public Tensor loss(List<Tensor> views) {
        return vicReg.loss(views.get(0), views.get(1));
    }

    @Override
    public Tensor walk(List<Tensor> views, Steps steps) {
        int n = views.getFirst().dim(0);
        int d = views.getFirst().dim(1);
        Axis samples = Axis.numbered("sample", "", n);
        Axis dimensions = Axis.dimensions(d);
        Axis otherDimensions = new Axis("and dimension", dimensions.labels());
        Tensor a = views.get(0);                                                                  // step: embeddings
        Tensor b = views.get(1);                                                                  // step: embeddings
        steps.add("embeddings", "Embeddings", "A, B   [N, d]", """
                What the expander gives for both views of every sample. They are not normalised: their spread is what
                the loss looks after.""",
                () -> List.of(Heat.of("A", samples, dimensions, a), Heat.of("B", samples, dimensions, b)));

        Tensor difference = a.sub(b);                                                             // step: invariance
        Tensor squares = difference.mul(difference);                                              // step: invariance
        Tensor invariance = mean(squares);                                                        // step: invariance
        steps.add("invariance", "Invariance", "s(A, B) = 1/(N·d) Σₙⱼ (aₙⱼ − bₙⱼ)²", """
                The mean over all elements, as in the official code; the paper's equation sums over the d columns.""",
                () -> List.of(Heat.of("(A − B)²", samples, dimensions, squares),
                        Heat.of("s", Axis.single("s"), Axis.single("mean"), invariance)));

        List<Tensor> centred = new ArrayList<>();
        List<Tensor> means = new ArrayList<>();
        for (Tensor z : views) {
            Tensor mean = mean(z, 0);                                                             // step: centred
            centred.add(z.sub(mean));                                                             // step: centred
            means.add(mean);
        }
        steps.add("centred", "Means of the dimensions", "z̄ⱼ = 1/N Σₙ zₙⱼ,  centred: zₙⱼ − z̄ⱼ", """
                Variance and covariance are about what remains when the mean over the batch is taken off.""",
                () -> List.of(Heat.of("means", Axis.VIEWS, dimensions, concat(0, means)),
                        Heat.of("A − Ā", samples, dimensions, centred.get(0)),
                        Heat.of("B − B̄", samples, dimensions, centred.get(1))));

        List<Tensor> deviations = new ArrayList<>();
        List<Tensor> hinges = new ArrayList<>();
        for (Tensor z : centred) {
            Tensor variance = sum(z.mul(z), 0).div(n - 1);                                        // step: variance
            Tensor deviation = sqrt(variance.add(vicReg.epsilon()));                              // step: variance
            hinges.add(relu(deviation.neg().add(1)));                                             // step: variance
            deviations.add(deviation);
        }
        List<Tensor> v = hinges.stream().map(hinge -> mean(hinge)).toList();                      // step: variance
        steps.add("variance", "Standard deviations and hinge",
                "v(Z) = 1/d Σⱼ max(0, 1 − √(Var zⱼ + ε)),  Var with divisor N − 1", """
                A dimension whose deviation is below 1 is pushed apart; one above 1 is left alone, its hinge and its
                gradient are 0. ε keeps the root's slope finite when a dimension collapses.""",
                () -> List.of(Heat.of("deviation", Axis.VIEWS, dimensions, concat(0, deviations)),
                        Heat.of("hinge", Axis.VIEWS, dimensions, concat(0, hinges)),
                        Heat.of("v", Axis.VIEWS, Axis.single("mean"), concat(0, v))));

        List<Tensor> covariances = new ArrayList<>();
        for (Tensor z : centred) {
            covariances.add(matmul(z.transpose(), z).div(n - 1));                                 // step: covariance
        }
        steps.add("covariance", "Covariance matrices", "C(Z) = (Z − Z̄)ᵀ(Z − Z̄) / (N − 1)   [d, d]", """
                The diagonal holds the variances; the rest tells which dimensions say the same. A batch of N ≤ d samples
                cannot decorrelate all of them: the rank of C is at most N − 1.""",
                () -> List.of(Heat.of("C of A", dimensions, otherDimensions, covariances.get(0)),
                        Heat.of("C of B", dimensions, otherDimensions, covariances.get(1))));

        List<Tensor> offDiagonal = new ArrayList<>();
        List<Tensor> c = new ArrayList<>();
        for (Tensor covariance : covariances) {
            Tensor off = covariance.mul(covariance).maskDiagonal(0);                              // step: decorrelation
            c.add(sum(off).div(d).reshape(1, 1));                                                 // step: decorrelation
            offDiagonal.add(off);
        }
        steps.add("decorrelation", "Off-diagonal squares", "c(Z) = 1/d Σ_{j ≠ k} Cⱼₖ²", """
                What the covariance term punishes. The two views' terms are added, not averaged.""",
                () -> List.of(Heat.of("C² of A", dimensions, otherDimensions, offDiagonal.get(0)),
                        Heat.of("C² of B", dimensions, otherDimensions, offDiagonal.get(1)),
                        Heat.of("c", Axis.VIEWS, Axis.single("sum / d"), concat(0, c))));

        Tensor bothHinges = v.get(0).add(v.get(1));                                               // step: loss
        boolean averaged = vicReg.branches() == VicReg.Branches.MEAN;                             // step: loss
        Tensor spread = (averaged ? bothHinges.div(2) : bothHinges).reshape(1, 1);                // step: loss
        Tensor correlation = c.get(0).add(c.get(1));                                              // step: loss
        Tensor wInvariance = invariance.mul(vicReg.invarianceWeight()).reshape(1, 1);             // step: loss
        Tensor wSpread = spread.mul(vicReg.varianceWeight());                                     // step: loss
        Tensor wCorrelation = correlation.mul(vicReg.covarianceWeight());                         // step: loss
        Tensor loss = wInvariance.add(wSpread).add(wCorrelation);                                 // step: loss
        Axis terms = new Axis("term", List.of("invariance s", "variance v", "covariance c"));
        steps.add("loss", "Three terms, their weights, and the loss",
                "L = λ·s(A, B) + μ·[v(A) + v(B)]/2 + ν·[c(A) + c(B)]", """
                Left the bare terms, in the middle the weights, right the products that are added. The official weights
                are 25, 25 and 1.""",
                () -> List.of(Heat.of("terms", terms, Axis.single("term"), concat(0, invariance.reshape(1, 1), spread,
                        correlation)), Heat.of("weights", terms, Axis.single("weight"),
                        new double[] {vicReg.invarianceWeight(), vicReg.varianceWeight(), vicReg.covarianceWeight()}),
                        Heat.of("products", terms, Axis.single("product"), concat(0, wInvariance, wSpread,
                                wCorrelation)), Heat.of("L", Axis.single("L"), Axis.single("loss"), loss)));
        return loss;
    }

    @Override
    public List<Excerpt> code() {
        Source source = Source.of(VicReg.class);
        return List.of(source.method("public Tensor loss(Tensor zi, Tensor zj)"),
                source.method("public Terms terms(Tensor zi, Tensor zj)"));
    }
}
