package dev.osteon.ssl.train;

import dev.osteon.engine.EngineException;
import dev.osteon.engine.autograd.Gradients;
import dev.osteon.engine.autograd.Tape;
import dev.osteon.engine.memory.TensorScope;
import dev.osteon.engine.op.Ops;
import dev.osteon.engine.random.Philox;
import dev.osteon.engine.tensor.DType;
import dev.osteon.engine.tensor.Device;
import dev.osteon.engine.tensor.Shape;
import dev.osteon.engine.tensor.Tensor;
import dev.osteon.nn.Bias;
import dev.osteon.nn.Initializer;
import dev.osteon.nn.Linear;
import dev.osteon.nn.Sgd;
import dev.osteon.nn.schedule.CosineSchedule;
import dev.osteon.ssl.metrics.Splits;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * The linear layer as SwAV's eval_linear trains it: softmax cross-entropy, SGD with momentum 0.9, cosine per epoch. The
 * epoch with the best AUC on the validation samples is the one that counts.
 */
public record SgdProbe(Settings settings, Device device) implements LinearProbe {

    private static final double MOMENTUM = 0.9;

    /** @param learningRate base rate, for standardised features */
    public record Settings(int epochs, int batch, double learningRate, double weightDecay,
            ClassWeights classes, long seed) {

        public Settings {
            if (epochs < 1 || batch < 1 || !(learningRate > 0) || weightDecay < 0) {
                throw new EngineException("probe: given epochs " + epochs + ", batch " + batch + ", learning rate "
                        + learningRate + ", weight decay " + weightDecay
                        + "; expected 1 or more, 1 or more, above 0, 0 or more");
            }
        }
    }

    @Override
    public Fit fit(Features features, int[] labels, Splits split) {
        int[] train = split.train().stream().mapToInt(Integer::intValue).toArray();
        Features scaled = features.standardised(train);
        ClassWeights.Pair weights = settings.classes.of(labels, train);
        Initializer init = Initializer.on(device, DType.F32, settings.seed);
        try (Linear layer = new Linear(init, scaled.width(), 2, Bias.WITH); Sgd sgd = Sgd.of(layer, MOMENTUM,
                settings.weightDecay)) {
            CosineSchedule rate = new CosineSchedule(settings.learningRate, 0, settings.epochs);
            Philox random = Philox.of(settings.seed).fork("probe");
            List<Point> curve = new ArrayList<>();
            Fit best = null;
            double bestAuc = Double.NEGATIVE_INFINITY;
            for (int epoch = 0; epoch < settings.epochs; epoch++) {
                int[] order = random.fork(epoch).permutation(train.length);
                for (int from = 0; from < train.length; from += settings.batch) {
                    int[] rows = Arrays.stream(order, from, Math.min(train.length, from + settings.batch))
                            .map(i -> train[i]).toArray();
                    step(layer, sgd, scaled, labels, rows, rate.at(epoch), weights);
                }
                double[] scores = scores(layer, scaled);
                Point figures = Point.of(epoch + 1, scores, labels, split);
                curve.add(figures);
                if (figures.validationAuc() > bestAuc) {
                    bestAuc = figures.validationAuc();
                    best = fit(layer, scores, epoch, curve);
                }
            }
            return best;
        }
    }

    /** Softmax over two classes is the logistic function of the difference of their logits. */
    private static Fit fit(Linear layer, double[] scores, int epoch, List<Point> curve) {
        double[] w = layer.ownParameters().get("weight").values();
        double[] b = layer.ownParameters().get("bias").values();
        double[] difference = new double[w.length / 2];
        Arrays.setAll(difference, k -> w[difference.length + k] - w[k]);
        return new Fit(scores, epoch, "epoch", curve, difference, b[1] - b[0]);
    }

    private Tensor batch(Features features, int[] rows) {
        float[] flat = new float[rows.length * features.width()];
        for (int i = 0; i < rows.length; i++) {
            System.arraycopy(features.rows()[rows[i]], 0, flat, i * features.width(), features.width());
        }
        return Tensor.of(device, Shape.of(rows.length, features.width()), flat);
    }

    private void step(Linear layer, Sgd sgd, Features features, int[] labels, int[] rows, double rate,
            ClassWeights.Pair weights) {
        List<Tensor> parameters = layer.trainable();
        try (TensorScope scope = TensorScope.open(); Tape tape = Tape.watching(parameters)) {
            Tensor target = Tensor.of(device, Shape.of(rows.length), Arrays.stream(rows).map(i -> labels[i]).toArray());
            Tensor loss = Ops.crossEntropy(layer.forward(batch(features, rows)), target, Tensor.of(device,
                    Shape.of(2), DType.F32, weights.negative(), weights.positive()));
            try (Gradients gradients = tape.gradients(loss, parameters)) {
                sgd.step(gradients, rate);
            }
        }
    }

    private double[] scores(Linear layer, Features features) {
        try (TensorScope scope = TensorScope.open()) {
            int[] all = java.util.stream.IntStream.range(0, features.rows().length).toArray();
            float[] probabilities = Ops.softmax(layer.forward(batch(features, all)), -1).toFloats();
            double[] positive = new double[all.length];
            Arrays.setAll(positive, i -> probabilities[2 * i + 1]);
            return positive;
        }
    }
}
