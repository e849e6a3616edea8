package dev.osteon.bench.peers.libtorch;

import static org.bytedeco.pytorch.global.torch.arange;
import static org.bytedeco.pytorch.global.torch.cat;
import static org.bytedeco.pytorch.global.torch.mse_loss;
import static org.bytedeco.pytorch.global.torch.normalize;
import static org.bytedeco.pytorch.global.torch.ones_like;
import static org.bytedeco.pytorch.global.torch.relu;

import dev.osteon.bench.Work;
import dev.osteon.bench.loss.Inputs;
import dev.osteon.bench.loss.LossSuite;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Supplier;
import org.bytedeco.javacpp.FloatPointer;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.LongOptional;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.NormalizeFuncOptions;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;

/** The same losses in libtorch, operation by operation as the authors' published PyTorch code composes them. */
final class LibtorchLosses implements LossSuite {

    static Scalar scalar(double value) {
        return new Scalar(value);
    }

    static Tensor of(float[] values, long... shape) {
        try (FloatPointer pointer = new FloatPointer(values)) {
            return torch.from_blob(pointer, shape).clone();
        }
    }

    static double squares(Tensor tensor) {
        return tensor.to(ScalarType.Double).pow(scalar(2)).sum().item_double();
    }

    private static Tensor leaf(float[] values, long... shape) {
        return of(values, shape).set_requires_grad(true);
    }

    private static List<Tensor> views(int n) {
        return List.of(leaf(Inputs.view(0, n, DIM), n, DIM), leaf(Inputs.view(1, n, DIM), n, DIM));
    }

    static Tensor unit(Tensor rows) {
        return normalize(rows, new NormalizeFuncOptions());                     // p 2, dim 1, eps 1e-12
    }

    static Tensor concat(List<Tensor> tensors) {
        return cat(new TensorVector(tensors.toArray(Tensor[]::new)), 0);
    }

    /** A loss of some leaves, differentiated. */
    private static final class Training implements Work {
        private final PointerScope scope;
        private final List<Tensor> leaves;
        private final Supplier<Tensor> loss;

        Training(PointerScope scope, List<Tensor> leaves, Supplier<Tensor> loss) {
            this.scope = scope;
            this.leaves = leaves;
            this.loss = loss;
        }

        private Tensor step() {
            leaves.forEach(leaf -> leaf.mutable_grad().reset());
            Tensor value = loss.get();
            value.backward();
            return value;
        }

        @Override
        public void run() {
            try (PointerScope step = new PointerScope()) {
                step();
            }
        }

        @Override
        public Optional<Outcome> outcome() {
            try (PointerScope step = new PointerScope()) {
                double value = step().item_double();
                return Optional.of(new Outcome(value,
                        Math.sqrt(leaves.stream().mapToDouble(t -> squares(t.grad())).sum())));
            }
        }

        @Override
        public void close() {
            scope.close();
        }
    }

    @Override
    public Work ntXent(int n) {
        PointerScope scope = new PointerScope();
        List<Tensor> views = views(n);
        LibtorchNtXent pair = LibtorchNtXent.of(n, TEMPERATURE);
        return new Training(scope, views, () -> pair.loss(unit(concat(views))));
    }

    /** SupContrast's {@code losses.py}. */
    @Override
    public Work supCon(int n) {
        PointerScope scope = new PointerScope();
        List<Tensor> views = views(n);
        float[] classes = new float[n];
        for (int i = 0; i < n; i++) {
            classes[i] = Inputs.labels(n)[i];
        }
        Tensor labels = of(classes, n, 1);
        return new Training(scope, views, () -> {
            Tensor mask = labels.eq(labels.t()).to(ScalarType.Float);
            Tensor contrast = unit(concat(views));
            Tensor similarity = contrast.matmul(contrast.t()).div(scalar(TEMPERATURE));
            Tensor logits = similarity.sub(similarity.max(1, true).get0().detach());
            Tensor all = mask.repeat(2, 2);
            Tensor others = ones_like(all).scatter(1, arange(scalar(2L * n)).to(ScalarType.Long).view(-1, 1),
                    scalar(0));
            Tensor positives = all.mul(others);
            Tensor exponentials = logits.exp().mul(others);
            Tensor logProbability = logits.sub(exponentials.sum(new long[] {1}, true, null).log());
            Tensor mean = positives.mul(logProbability).sum(1).div(positives.sum(1));
            return mean.neg().mean();
        });
    }

    /** SwAV's {@code main_swav.py} with two crops. */
    @Override
    public Work swav(int n) {
        PointerScope scope = new PointerScope();
        Tensor prototypes = leaf(Inputs.unitRows(5, PROTOTYPES, DIM), PROTOTYPES, DIM);
        List<Tensor> leaves = new ArrayList<>(views(n));
        leaves.add(prototypes);
        return new Training(scope, leaves, () -> {
            Tensor output = unit(concat(leaves.subList(0, 2))).matmul(prototypes.t());
            Tensor first = swapped(output, 0, 1, n);
            return first.add(swapped(output, 1, 0, n)).div(scalar(2));
        });
    }

    /** −mean Σ q·log softmax: the code of one view against the prediction of the other. */
    private static Tensor swapped(Tensor output, int code, int prediction, int n) {
        Tensor q;
        try (NoGradGuard guard = new NoGradGuard()) {
            q = codes(rows(output, code, n).detach());
        }
        Tensor x = rows(output, prediction, n).div(scalar(0.1));
        return q.mul(x.log_softmax(1)).sum(1).mean().neg();
    }

    private static Tensor rows(Tensor output, int view, int n) {
        return output.slice(0, new LongOptional((long) view * n), new LongOptional((view + 1L) * n), 1);
    }

    /** {@code distributed_sinkhorn} on one process. */
    private static Tensor codes(Tensor scores) {
        Tensor q = scores.div(scalar(0.05)).exp().t();
        long k = q.size(0);
        long b = q.size(1);
        q = q.div_(q.sum());
        for (int i = 0; i < 3; i++) {
            q.div_(q.sum(new long[] {1}, true, null)).div_(scalar(k));
            q.div_(q.sum(new long[] {0}, true, null)).div_(scalar(b));
        }
        return q.mul_(scalar(b)).t();
    }

    @Override
    public Work sinkhorn(int n) {
        PointerScope scope = new PointerScope();
        Tensor scores = of(Inputs.scores(n, PROTOTYPES), n, PROTOTYPES);
        return new Work() {
            @Override
            public void run() {
                try (PointerScope step = new PointerScope(); NoGradGuard guard = new NoGradGuard()) {
                    codes(scores);
                }
            }

            @Override
            public Optional<Outcome> outcome() {
                try (PointerScope step = new PointerScope(); NoGradGuard guard = new NoGradGuard()) {
                    return Optional.of(new Outcome(0, Math.sqrt(squares(codes(scores)))));
                }
            }

            @Override
            public void close() {
                scope.close();
            }
        };
    }

    /** VICReg's {@code main_vicreg.py} on one process. */
    @Override
    public Work vicReg(int n) {
        PointerScope scope = new PointerScope();
        List<Tensor> views = views(n);
        return new Training(scope, views, () -> {
            Tensor invariance = mse_loss(views.get(0), views.get(1));
            Tensor x = views.get(0).sub(views.get(0).mean(0));
            Tensor y = views.get(1).sub(views.get(1).mean(0));
            Tensor variance = hinge(x).add(hinge(y));
            Tensor covariance = offDiagonal(x, n).add(offDiagonal(y, n));
            return invariance.mul(scalar(25)).add(variance.mul(scalar(25))).add(covariance);
        });
    }

    private static Tensor hinge(Tensor x) {
        Tensor deviation = x.var(new long[] {0}, true).add(scalar(1e-4)).sqrt();
        return relu(deviation.neg().add(scalar(1))).mean().div(scalar(2));
    }

    private static Tensor offDiagonal(Tensor x, int n) {
        Tensor c = x.t().matmul(x).div(scalar(n - 1));
        Tensor rest = c.flatten().slice(0, new LongOptional(0), new LongOptional((long) DIM * DIM - 1), 1)
                .view(DIM - 1, DIM + 1).slice(1, new LongOptional(1), new LongOptional(DIM + 1), 1);
        return rest.pow(scalar(2)).sum().div(scalar(DIM));
    }

    @Override
    public Work larc() {
        return new LibtorchLarc();
    }
}
