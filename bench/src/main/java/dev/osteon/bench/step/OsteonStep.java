package dev.osteon.bench.step;

import dev.osteon.engine.autograd.Gradients;
import dev.osteon.engine.autograd.Tape;
import dev.osteon.engine.dispatch.Dispatcher;
import dev.osteon.engine.dispatch.Replay;
import dev.osteon.engine.dispatch.WeightCopies;
import dev.osteon.engine.memory.TensorScope;
import dev.osteon.engine.op.Ops;
import dev.osteon.engine.random.Philox;
import dev.osteon.engine.tensor.DType;
import dev.osteon.engine.tensor.Device;
import dev.osteon.engine.tensor.Layout;
import dev.osteon.engine.tensor.Shape;
import dev.osteon.engine.tensor.Tensor;
import dev.osteon.models.ResNet;
import dev.osteon.models.ResNetSpec;
import dev.osteon.nn.Initializer;
import dev.osteon.nn.Sgd;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;

/**
 * A training step of a ResNet (forward, cross-entropy, backward, SGD with momentum) on one of our backends,
 * channels-last. Parameters are float32; with autocast convolutions and matrix products of the forward and backward
 * pass are not.
 */
public final class OsteonStep implements AutoCloseable {

    private static final int CLASSES = TrainingStepBenchmark.CLASSES;
    private static final double LEARNING_RATE = 1e-3;

    private final TensorScope scope = TensorScope.open();
    private final Optional<DType> autocast;
    private final Tensor learningRate;
    private final Replay replay;
    private final ResNet model;
    private final Sgd sgd;
    private final Tensor images;
    private final Tensor labels;
    private Tensor loss;

    /** @param autocast the type of {@link Dispatcher#autocast}, if any */
    public OsteonStep(Device device, Optional<DType> autocast, ResNetSpec spec, int batch, int size) {
        this(device, autocast, spec, batch, size, LEARNING_RATE);
    }

    /** With a learning rate of one's own. */
    public OsteonStep(Device device, Optional<DType> autocast, ResNetSpec spec, int batch, int size,
            double learningRate) {
        this.autocast = autocast;
        this.learningRate = Tensor.of(device, Shape.of(1), (float) learningRate);
        this.replay = Replay.on(device);
        model = new ResNet(Initializer.on(device, DType.F32, 1), spec.withClasses(CLASSES));
        sgd = Sgd.of(model, 0.9, 0);
        Philox random = Philox.of(2);
        float[] pixels = new float[batch * 3 * size * size];
        for (int i = 0; i < pixels.length; i++) {
            pixels[i] = (float) random.nextGaussian();
        }
        images = Tensor.of(device, Shape.of(batch, 3, size, size), pixels).to(Layout.NHWC);
        labels = Tensor.of(device, Shape.of(batch), Arrays.copyOf(random.permutation(CLASSES), batch));
        loss = Ops.full(device, Shape.of(1), DType.F32, 0);
    }

    /** One step, queued on the device, from the second on as a whole where it can; {@link #loss} waits for it. */
    public void step() {
        try (TensorScope step = TensorScope.open()) {
            Tensor now = replay.run("step", List.of(learningRate), this::mixed);
            loss.close();
            loss = step.keep(now);
        }
    }

    private Tensor mixed(List<Tensor> inputs) {
        Tensor[] now = new Tensor[1];
        Runnable train = () -> now[0] = train(inputs);
        autocast.ifPresentOrElse(low -> Dispatcher.autocast(low, train), train);
        return now[0];
    }

    private Tensor train(List<Tensor> inputs) {
        List<Tensor> parameters = model.trainable();
        try (TensorScope step = TensorScope.open(); Tape tape = Tape.watching(parameters)) {
            Pass pass = pass(tape, parameters);
            try (Gradients gradients = pass.gradients) {
                sgd.step(gradients, inputs.getFirst(), Optional.empty());
            }
            return step.keep(pass.loss);
        }
    }

    /** What a forward and a backward pass come to. */
    private record Pass(Tensor loss, Gradients gradients) {}

    private Pass pass(Tape tape, List<Tensor> parameters) {
        try (WeightCopies copies = WeightCopies.of(parameters, autocast.orElse(DType.F32))) {
            Tensor now = Ops.crossEntropy(model.forward(images), labels);
            return new Pass(now, tape.gradients(now, parameters));
        }
    }

    /** How steps go to the device, {@link Replay#way}. */
    public Optional<String> way() {
        return replay.way();
    }

    /** The loss before the last step. */
    public double loss() {
        return loss.item();
    }

    /** One step, waited for; its loss. */
    public double run() {
        step();
        return loss();
    }

    @Override
    public void close() {
        replay.close();
        sgd.close();
        model.close();
        scope.close();
    }
}
