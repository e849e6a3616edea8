package dev.osteon.bench.peers.djl;

import ai.djl.Device;
import ai.djl.Model;
import ai.djl.basicmodelzoo.cv.classification.ResNetV1;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import ai.djl.training.DefaultTrainingConfig;
import ai.djl.training.GradientCollector;
import ai.djl.training.Trainer;
import ai.djl.training.loss.Loss;
import ai.djl.training.optimizer.Optimizer;
import ai.djl.training.tracker.Tracker;
import dev.osteon.bench.Work;
import dev.osteon.bench.step.TrainingStepBenchmark;

/** Forward, softmax cross-entropy, backward and SGD with momentum, in float32. */
final class DjlStep implements Work {

    private final Loss loss = Loss.softmaxCrossEntropyLoss();
    private final Model model = Model.newInstance("resnet50");
    private final Trainer trainer;
    private final NDArray images;
    private final NDArray labels;

    DjlStep(int batch, int side) {
        model.setBlock(ResNetV1.builder().setImageShape(new Shape(3, side, side)).setNumLayers(50)
                .setOutSize(TrainingStepBenchmark.CLASSES).build());
        trainer = model.newTrainer(new DefaultTrainingConfig(loss).optOptimizer(Optimizer.sgd()
                .setLearningRateTracker(Tracker.fixed(1e-3f)).optMomentum(0.9f).build())
                .optDevices(new Device[] {Device.cpu()}));
        trainer.initialize(new Shape(batch, 3, side, side));
        NDManager manager = trainer.getManager();
        images = manager.randomNormal(new Shape(batch, 3, side, side));
        labels = manager.randomInteger(0, TrainingStepBenchmark.CLASSES, new Shape(batch), DataType.INT64)
                .toType(DataType.FLOAT32, false);
    }

    @Override
    public void run() {
        try (NDManager step = trainer.getManager().newSubManager();
                GradientCollector collector = trainer.newGradientCollector()) {
            images.tempAttach(step);
            NDList scores = trainer.forward(new NDList(images));
            scores.attach(step);
            NDArray value = loss.evaluate(new NDList(labels), scores);
            value.attach(step);
            collector.backward(value);
            value.getFloat();
        }
        trainer.step();
    }

    @Override
    public void close() {
        trainer.close();
        model.close();
    }
}
