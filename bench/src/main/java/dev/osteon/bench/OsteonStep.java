package dev.osteon.bench;

import dev.osteon.engine.autograd.Gradients;
import dev.osteon.engine.autograd.Tape;
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

/** A ResNet-50 training step (forward, cross-entropy, backward, SGD) on our CPU backend, float32, channels-last. */
public final class OsteonStep implements Work {

    private static final int CLASSES = 1000;

    private final TensorScope scope = TensorScope.open();
    private final ResNet model;
    private final Sgd sgd;
    private final Tensor images;
    private final Tensor labels;

    public OsteonStep(int batch, int size) {
        Initializer init = Initializer.on(Device.CPU, DType.F32, 1);
        model = new ResNet(init, ResNetSpec.resnet50().withClasses(CLASSES));
        sgd = Sgd.of(model, 0.9, 0);
        Philox random = Philox.of(2);
        float[] pixels = new float[batch * 3 * size * size];
        for (int i = 0; i < pixels.length; i++) {
            pixels[i] = (float) random.nextGaussian();
        }
        images = Tensor.of(Device.CPU, Shape.of(batch, 3, size, size), pixels).to(Layout.NHWC);
        labels = Tensor.of(Device.CPU, Shape.of(batch), Arrays.copyOf(random.permutation(CLASSES), batch));
    }

    @Override
    public String name() {
        return "osteon f32";
    }

    @Override
    public double run() {
        List<Tensor> parameters = model.trainable();
        try (TensorScope step = TensorScope.open(); Tape tape = Tape.watching(parameters)) {
            Tensor loss = Ops.crossEntropy(model.forward(images), labels);
            try (Gradients gradients = tape.gradients(loss, parameters)) {
                sgd.step(gradients, 1e-3);
            }
            return loss.item();
        }
    }

    @Override
    public void close() {
        sgd.close();
        model.close();
        scope.close();
    }
}
