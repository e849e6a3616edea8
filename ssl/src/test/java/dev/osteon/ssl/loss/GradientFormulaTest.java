package dev.osteon.ssl.loss;

import static dev.osteon.engine.op.Ops.cast;
import static dev.osteon.engine.op.Ops.concat;
import static dev.osteon.engine.op.Ops.equal;
import static dev.osteon.engine.op.Ops.l2Normalize;
import static dev.osteon.engine.op.Ops.less;
import static dev.osteon.engine.op.Ops.matmul;
import static dev.osteon.engine.op.Ops.matmulTransposed;
import static dev.osteon.engine.op.Ops.mean;
import static dev.osteon.engine.op.Ops.norm;
import static dev.osteon.engine.op.Ops.softmax;
import static dev.osteon.engine.op.Ops.sqrt;
import static dev.osteon.engine.op.Ops.sum;
import static dev.osteon.engine.op.Ops.variance;
import static java.lang.Double.NEGATIVE_INFINITY;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.osteon.engine.autograd.Gradients;
import dev.osteon.engine.autograd.Tape;
import dev.osteon.engine.memory.TensorScope;
import dev.osteon.engine.op.Ops;
import dev.osteon.engine.tensor.DType;
import dev.osteon.engine.tensor.Device;
import dev.osteon.engine.tensor.Shape;
import dev.osteon.engine.tensor.Tensor;
import dev.osteon.nn.Initializer;
import java.util.List;
import java.util.function.Supplier;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** The gradients that docs/losses derives by hand are those of autograd. */
class GradientFormulaTest {

    private static final int N = 5;
    private static final int D = 4;

    private TensorScope scope;
    private List<Tensor> views;

    @BeforeEach
    void open() {
        scope = TensorScope.open();
        views = List.of(Normal.rows(1, N, D), Normal.rows(2, N, D));
    }

    @AfterEach
    void close() {
        scope.close();
    }

    /** Of the views together [2N, d]. */
    private double[] autograd(Supplier<Tensor> loss) {
        try (Tape tape = Tape.watching(views); Gradients gradients = tape.gradients(loss.get(), views)) {
            return concat(0, views.stream().map(gradients::of).toList()).toDoubles();
        }
    }

    /** From ∂L/∂z to ∂L/∂e: what lies along z drops out, and the rest is divided by the length. */
    private static Tensor throughNormalisation(Tensor e, Tensor gradient) {
        Tensor z = l2Normalize(e);
        return gradient.sub(z.mul(sum(gradient.mul(z), 1))).div(norm(e, 1));
    }

    /** ∂L/∂e of a loss of the logits z·zᵀ / t, from G = ∂L/∂logits. */
    private static Tensor throughSimilarities(Tensor e, Tensor g, double temperature) {
        return throughNormalisation(e, matmul(g.add(g.transpose()), l2Normalize(e)).div(temperature));
    }

    private static Tensor probabilities(Tensor e, double temperature) {
        Tensor z = l2Normalize(e);
        return softmax(matmulTransposed(z, z).div(temperature).maskDiagonal(NEGATIVE_INFINITY), 1);
    }

    /** 1 where two rows of both views have the same label and are not the same row. */
    private static Tensor positives(Tensor labels) {
        Tensor y = concat(0, labels, labels);
        return cast(equal(y.reshape(-1, 1), y.reshape(1, -1)), DType.F64).maskDiagonal(0);
    }

    @Test
    void ntXent() {
        double t = 0.3;
        Tensor e = concat(0, views);
        Tensor partner = positives(SupCon.everySampleItsOwnClass(Device.REFERENCE, N));
        Tensor g = probabilities(e, t).sub(partner).div(2 * N);
        assertThat(throughSimilarities(e, g, t).toDoubles())
                .containsExactly(autograd(() -> new NtXent(t).loss(views.get(0), views.get(1))), within(1e-12));
    }

    @Test
    void supCon() {
        double t = 0.3;
        double base = 0.2;
        Tensor labels = Tensor.of(Device.REFERENCE, Shape.of(N), 0, 1, 0, 2, 1);
        Tensor e = concat(0, views);
        Tensor positives = positives(labels);
        Tensor g = probabilities(e, t).sub(positives.div(sum(positives, 1))).mul(t / base / (2 * N));
        assertThat(throughSimilarities(e, g, t).toDoubles()).containsExactly(
                autograd(() -> new SupCon(t, base, SupCon.Anchors.ALL).loss(views, labels)), within(1e-12));
    }

    @Test
    void swav() {
        Swav.Settings settings = new Swav.Settings(6, 0.2, 0.1, 3, 0, 0, 0);
        try (Swav swav = new Swav(Initializer.on(Device.REFERENCE, DType.F64, 3), D, N, settings,
                MultiCropLoss.Reduction.MEAN)) {
            swav.beforeForward();
            Tensor e = concat(0, views);
            Tensor c = swav.prototypes().weight().tensor();
            Tensor p = softmax(matmulTransposed(l2Normalize(e), c).div(settings.temperature()), 1);
            List<Tensor> q = swav.record(Batch.of(views)).codes();
            Tensor g = p.sub(concat(0, q.get(1), q.get(0))).div(2 * N * settings.temperature());
            assertThat(throughNormalisation(e, matmul(g, c)).toDoubles())
                    .containsExactly(autograd(() -> swav.loss(Batch.of(views))), within(1e-12));
        }
    }

    @Test
    void vicReg() {
        VicReg loss = new VicReg(25, 20, 3, 1e-4, VicReg.Branches.MEAN);
        Tensor difference = views.get(0).sub(views.get(1));
        Tensor invariance = difference.mul(2.0 / (N * D) * loss.invarianceWeight());
        Tensor a = oneBranch(views.get(0), loss).add(invariance);
        Tensor b = oneBranch(views.get(1), loss).sub(invariance);
        assertThat(concat(0, a, b).toDoubles())
                .containsExactly(autograd(() -> loss.loss(views.get(0), views.get(1))), within(1e-12));
    }

    /** Of the variance and covariance terms of one view. */
    private static Tensor oneBranch(Tensor z, VicReg loss) {
        Tensor centred = z.sub(mean(z, 0));
        Tensor deviation = sqrt(variance(z, 1, 0).add(loss.epsilon()));
        Tensor below = cast(less(deviation, Ops.full(z.device(), Shape.SCALAR, z.dtype(), 1)), z.dtype());
        Tensor spread = centred.mul(below).div(deviation).mul(-loss.varianceWeight() / 2 / (D * (N - 1)));
        Tensor off = matmul(centred.transpose(), centred).div(N - 1).maskDiagonal(0);
        return spread.add(matmul(centred, off).mul(loss.covarianceWeight() * 4 / (D * (N - 1))));
    }

    @Test
    void theGradientIsAtRightAnglesToNormalisedEmbeddings() {
        double[] gradient = autograd(() -> new NtXent(0.3).loss(views.get(0), views.get(1)));
        double[] e = concat(0, views).toDoubles();
        for (int row = 0; row < 2 * N; row++) {
            double dot = 0;
            for (int j = 0; j < D; j++) {
                dot += gradient[row * D + j] * e[row * D + j];
            }
            assertThat(dot).isCloseTo(0, within(1e-12));
        }
    }

    @Test
    void anAnchorsLossOfManyPositivesIsNoLessThanTheEntropyOfTheirUniformDistribution() {
        // three positives for each of 2 · 2 · 2 rows of two classes: −mean log p ≥ log 3, however good the embeddings
        Tensor z = Tensor.of(Device.REFERENCE, Shape.of(4, 2), DType.F64, 1, 0, -1, 0, 1, 0, -1, 0);
        Tensor labels = Tensor.of(Device.REFERENCE, Shape.of(4), 0, 1, 0, 1);
        SupCon loss = new SupCon(0.05, 0.05, SupCon.Anchors.ALL);
        assertThat(loss.loss(List.of(z, z), labels).item())
                .isCloseTo(Math.log(3), within(1e-12));
    }
}
