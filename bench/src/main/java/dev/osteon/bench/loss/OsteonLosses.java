package dev.osteon.bench.loss;

import dev.osteon.bench.Work;
import dev.osteon.engine.autograd.Gradients;
import dev.osteon.engine.autograd.Tape;
import dev.osteon.engine.dispatch.Replay;
import dev.osteon.engine.memory.TensorScope;
import dev.osteon.engine.op.Ops;
import dev.osteon.engine.tensor.DType;
import dev.osteon.engine.tensor.Device;
import dev.osteon.engine.tensor.Shape;
import dev.osteon.engine.tensor.Tensor;
import dev.osteon.models.ResNet;
import dev.osteon.models.ResNetSpec;
import dev.osteon.nn.Initializer;
import dev.osteon.nn.Larc;
import dev.osteon.ssl.loss.Batch;
import dev.osteon.ssl.loss.MultiCropLoss;
import dev.osteon.ssl.loss.NtXent;
import dev.osteon.ssl.loss.PairLoss;
import dev.osteon.ssl.loss.SinkhornKnopp;
import dev.osteon.ssl.loss.SslMethod;
import dev.osteon.ssl.loss.SupCon;
import dev.osteon.ssl.loss.Swav;
import dev.osteon.ssl.loss.VicReg;
import java.util.ArrayList;
import java.lang.foreign.MemorySegment;
import java.util.List;
import java.util.Optional;
import java.util.function.BiFunction;

/**
 * Ours, through the interface that training uses: a method, a batch, a tape; on a GPU recorded, as a training step is
 * ({@link Replay}).
 */
public final class OsteonLosses implements LossSuite {

    private final Device device;

    public OsteonLosses(Device device) {
        this.device = device;
    }

    @Override
    public Work ntXent(int n) {
        return pair(new NtXent(TEMPERATURE), n);
    }

    @Override
    public Work supCon(int n) {
        SupCon loss = new SupCon(TEMPERATURE, TEMPERATURE, SupCon.Anchors.ALL);
        return new Training(batch -> loss.loss(batch.views(), batch.labels().orElseThrow(), CLASSES), n);
    }

    @Override
    public Work swav(int n) {
        Swav swav = new Swav(Initializer.on(device, DType.F32, 1), DIM, n, Swav.Settings.IMAGENET,
                MultiCropLoss.Reduction.MEAN);
        swav.prototypes().weight().assign(doubles(Inputs.unitRows(5, PROTOTYPES, DIM)));
        return new Training(swav, n);
    }

    @Override
    public Work vicReg(int n) {
        return pair(VicReg.OFFICIAL, n);
    }

    private Work pair(PairLoss loss, int n) {
        return new Training(batch -> loss.loss(batch.views().get(0), batch.views().get(1)), n);
    }

    private static double[] doubles(float[] values) {
        double[] wide = new double[values.length];
        for (int i = 0; i < wide.length; i++) {
            wide[i] = values[i];
        }
        return wide;
    }

    /** A tensor that outlives the scope it is made in. */
    private Tensor kept(Shape shape, float[] values) {
        try (TensorScope scope = TensorScope.open()) {
            return scope.release(Tensor.of(device, shape, values));
        }
    }

    private static double squares(Tensor tensor) {
        double sum = 0;
        for (float v : tensor.toFloats()) {
            sum += (double) v * v;
        }
        return sum;
    }

    /** Loss and gradients of a method for two views. */
    private final class Training implements Work {
        private final SslMethod method;
        private final Batch batch;
        private final List<Tensor> watched;
        private final Replay replay = Replay.on(device);

        Training(SslMethod method, int n) {
            this.method = method;
            Tensor labels;
            try (TensorScope scope = TensorScope.open()) {
                labels = scope.release(Tensor.of(device, Shape.of(n), Inputs.labels(n)));
            }
            batch = new Batch(List.of(kept(Shape.of(n, DIM), Inputs.view(0, n, DIM)),
                    kept(Shape.of(n, DIM), Inputs.view(1, n, DIM))), Optional.of(labels), Batch.Moment.START);
            watched = new ArrayList<>(batch.views());
            watched.addAll(method.state().trainable());
        }

        private <T> T step(BiFunction<Tensor, Gradients, T> use) {
            try (TensorScope scope = TensorScope.open(); Tape tape = Tape.watching(watched)) {
                Tensor loss = method.loss(batch);
                try (Gradients gradients = tape.gradients(loss, watched)) {
                    return use.apply(loss, gradients);
                }
            }
        }

        @Override
        public void run() {
            try (TensorScope scope = TensorScope.open()) {
                replay.run("loss", List.of(), _ -> TensorScope.adopt(step((loss, gradients) ->
                        TensorScope.detach(loss))));
            }
        }

        @Override
        public Optional<Outcome> outcome() {
            return step((loss, gradients) -> Optional.of(new Outcome(loss.item(),
                    Math.sqrt(watched.stream().mapToDouble(t -> squares(gradients.of(t))).sum()))));
        }

        @Override
        public void close() {
            replay.close();
            batch.views().forEach(Tensor::close);
            batch.labels().orElseThrow().close();
            method.close();
        }
    }

    @Override
    public Work sinkhorn(int n) {
        return new Codes(new SinkhornKnopp(Swav.Settings.IMAGENET.epsilon(), Swav.Settings.IMAGENET.iterations()),
                kept(Shape.of(n, PROTOTYPES), Inputs.scores(n, PROTOTYPES)), Replay.on(device));
    }

    private record Codes(SinkhornKnopp sinkhorn, Tensor scores, Replay replay) implements Work {

        @Override
        public void run() {
            try (TensorScope scope = TensorScope.open()) {
                replay.run("codes", List.of(), _ -> sinkhorn.codes(scores));
            }
        }

        @Override
        public Optional<Outcome> outcome() {
            try (TensorScope scope = TensorScope.open()) {
                return Optional.of(new Outcome(0, Math.sqrt(squares(sinkhorn.codes(scores)))));
            }
        }

        @Override
        public void close() {
            replay.close();
            scores.close();
        }
    }

    @Override
    public Work larc() {
        return new Step();
    }

    /** The optimiser's step alone, with gradients that stay the same. */
    private final class Step implements Work {
        private final ResNet model = new ResNet(Initializer.on(device, DType.F32, 1), ResNetSpec.resnet50());
        private final Larc larc = Larc.of(model, WEIGHT_DECAY, Larc.Settings.SWAV);
        private final Gradients gradients;

        Step() {
            List<Tensor> parameters = model.trainable();
            try (TensorScope scope = TensorScope.open(); Tape tape = Tape.watching(parameters)) {
                Tensor sum = Ops.full(device, Shape.of(1), DType.F32, 0);
                for (int i = 0; i < parameters.size(); i++) {
                    Tensor parameter = parameters.get(i);
                    int size = Math.toIntExact(parameter.size());
                    parameter.assign(MemorySegment.ofArray(Inputs.normal(2 * i, size, 0.02)));
                    Tensor gradient = Tensor.of(device, parameter.shape(), Inputs.normal(2 * i + 1, size, 1e-3));
                    sum = sum.add(Ops.sum(parameter.mul(gradient)).reshape(1));
                }
                gradients = tape.gradients(sum, parameters);
            }
        }

        @Override
        public void run() {
            larc.step(gradients, LEARNING_RATE);
        }

        @Override
        public Optional<Outcome> outcome() {
            List<float[]> before = model.trainable().stream().map(Tensor::toFloats).toList();
            run();
            double squares = 0;
            for (int i = 0; i < before.size(); i++) {
                float[] after = model.trainable().get(i).toFloats();
                for (int k = 0; k < after.length; k++) {
                    squares += Math.pow(after[k] - before.get(i)[k], 2);
                }
            }
            return Optional.of(new Outcome(0, Math.sqrt(squares)));
        }

        @Override
        public void close() {
            gradients.close();
            larc.close();
            model.close();
        }
    }
}
