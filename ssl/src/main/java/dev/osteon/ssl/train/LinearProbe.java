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
import dev.osteon.nn.Parameter;
import dev.osteon.nn.Sgd;
import dev.osteon.nn.schedule.CosineSchedule;
import dev.osteon.ssl.metrics.BinaryMetrics;
import dev.osteon.ssl.metrics.Splits;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * A linear layer on frozen features: softmax cross-entropy, SGD with momentum 0.9, cosine per epoch (SwAV's
 * eval_linear). The epoch with the best AUC on the validation samples is the one that counts.
 */
public record LinearProbe(Settings settings, Device device) {

    private static final double MOMENTUM = 0.9;

    /** @param learningRate base rate, for standardised features */
    public record Settings(int epochs, int batch, double learningRate, double weightDecay, long seed) {

        public Settings {
            if (epochs < 1 || batch < 1 || !(learningRate > 0) || weightDecay < 0) {
                throw new EngineException("probe: given epochs " + epochs + ", batch " + batch + ", learning rate "
                        + learningRate + ", weight decay " + weightDecay
                        + "; expected 1 or more, 1 or more, above 0, 0 or more");
            }
        }
    }

    /** One epoch's figures. */
    public record Epoch(int number, double trainLoss, double trainAuc, double validationLoss, double validationAuc) {}

    /**
     * A trained probe.
     *
     * @param scores probability of class 1 for every sample, at the best epoch
     * @param weight [2, D] on standardised features, row-major, and its bias [2]
     */
    public record Fit(double[] scores, int bestEpoch, List<Epoch> curve, double[] weight, double[] bias) {}

    /** Trains on the split's training samples. {@code labels} 0 or 1, one for each row of the features. */
    public Fit fit(Features features, int[] labels, Splits split) {
        int[] train = split.train().stream().mapToInt(Integer::intValue).toArray();
        Features scaled = features.standardised(train);
        Initializer init = Initializer.on(device, DType.F32, settings.seed);
        try (Linear layer = new Linear(init, scaled.width(), 2, Bias.WITH); Sgd sgd = Sgd.of(layer, MOMENTUM,
                settings.weightDecay)) {
            CosineSchedule rate = new CosineSchedule(settings.learningRate, 0, settings.epochs);
            Philox random = Philox.of(settings.seed).fork("probe");
            List<Epoch> curve = new ArrayList<>();
            Fit best = null;
            double bestAuc = Double.NEGATIVE_INFINITY;
            for (int epoch = 0; epoch < settings.epochs; epoch++) {
                int[] order = random.fork(epoch).permutation(train.length);
                for (int from = 0; from < train.length; from += settings.batch) {
                    int[] rows = Arrays.stream(order, from, Math.min(train.length, from + settings.batch))
                            .map(i -> train[i]).toArray();
                    step(layer, sgd, scaled, labels, rows, rate.at(epoch));
                }
                double[] scores = scores(layer, scaled);
                Epoch figures = figures(epoch, scores, labels, split);
                curve.add(figures);
                if (figures.validationAuc() > bestAuc) {
                    bestAuc = figures.validationAuc();
                    best = new Fit(scores, epoch, curve, values(layer, "weight"), values(layer, "bias"));
                }
            }
            return best;
        }
    }

    private static double[] values(Linear layer, String name) {
        Parameter parameter = layer.ownParameters().get(name);
        return parameter.values();
    }

    private Tensor batch(Features features, int[] rows) {
        float[] flat = new float[rows.length * features.width()];
        for (int i = 0; i < rows.length; i++) {
            System.arraycopy(features.rows()[rows[i]], 0, flat, i * features.width(), features.width());
        }
        return Tensor.of(device, Shape.of(rows.length, features.width()), flat);
    }

    private void step(Linear layer, Sgd sgd, Features features, int[] labels, int[] rows, double rate) {
        List<Tensor> parameters = layer.trainable();
        try (TensorScope scope = TensorScope.open(); Tape tape = Tape.watching(parameters)) {
            Tensor target = Tensor.of(device, Shape.of(rows.length), Arrays.stream(rows).map(i -> labels[i]).toArray());
            Tensor loss = Ops.crossEntropy(layer.forward(batch(features, rows)), target);
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

    private static Epoch figures(int epoch, double[] scores, int[] labels, Splits split) {
        return new Epoch(epoch, loss(scores, labels, split.train()), auc(scores, labels, split.train()),
                loss(scores, labels, split.validation()), auc(scores, labels, split.validation()));
    }

    private static double loss(double[] scores, int[] labels, List<Integer> rows) {
        return rows.stream().mapToDouble(i -> -Math.log(Math.max(1e-12, labels[i] == 1 ? scores[i] : 1 - scores[i])))
                .average().orElse(Double.NaN);
    }

    private static double auc(double[] scores, int[] labels, List<Integer> rows) {
        return BinaryMetrics.auc(rows.stream().mapToInt(i -> labels[i]).toArray(),
                rows.stream().mapToDouble(i -> scores[i]).toArray());
    }
}
