package dev.osteon.bench.peers.dl4j;

import dev.osteon.bench.Work;
import dev.osteon.bench.step.TrainingStepBenchmark;
import org.deeplearning4j.nn.graph.ComputationGraph;
import org.deeplearning4j.zoo.model.ResNet50;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.learning.config.Nesterovs;

/** Forward, softmax cross-entropy, backward and an update with momentum, in float32. */
final class Dl4jStep implements Work {

    private final ComputationGraph graph;
    private final INDArray[] images;
    private final INDArray[] labels;

    Dl4jStep(int batch, int side, int threads) {
        Nd4j.getEnvironment().setMaxThreads(threads);
        graph = ResNet50.builder().numClasses(TrainingStepBenchmark.CLASSES).inputShape(new int[] {3, side, side})
                .updater(new Nesterovs(1e-3, 0.9)).build().init();
        images = new INDArray[] {Nd4j.randn(DataType.FLOAT, batch, 3, side, side)};
        INDArray classes = Nd4j.zeros(DataType.FLOAT, batch, TrainingStepBenchmark.CLASSES);
        for (int i = 0; i < batch; i++) {
            classes.putScalar(i, i * 37L % TrainingStepBenchmark.CLASSES, 1);
        }
        labels = new INDArray[] {classes};
    }

    @Override
    public void run() {
        graph.fit(images, labels);
    }

    @Override
    public void close() {
        graph.close();
    }
}
