package dev.osteon.app.run;

import dev.osteon.app.config.RunConfig;
import dev.osteon.engine.memory.TensorScope;
import dev.osteon.engine.tensor.DType;
import dev.osteon.engine.tensor.Shape;
import dev.osteon.engine.tensor.Tensor;
import dev.osteon.models.EncoderWithHead;
import dev.osteon.ssl.collapse.CollapseIndicators;
import dev.osteon.ssl.data.SegmentStore;
import dev.osteon.ssl.metrics.BinaryMetrics;
import dev.osteon.ssl.train.Features;
import dev.osteon.ssl.train.KnnClassifier;
import dev.osteon.ssl.train.LinearProbe;
import dev.osteon.ssl.train.LogisticProbe;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * What the encoder is worth after an epoch, cheaply: a linear probe and nearest neighbours on features of small whole
 * segments, and how much of the feature space they use. It changes nothing of the training.
 */
record EpochCheck(RunConfig config, SegmentStore store, Cohort cohort) {

    private static final List<Double> PENALTIES = List.of(1e-2, 1e-4);
    private static final int STEPS = 60;
    private static final KnnClassifier NEIGHBOURS = new KnnClassifier(20, 0.07);
    private static final int SPREAD_OVER = 512;
    /** Below these the features of different segments are all but the same (spread), or on few lines (rank). */
    private static final double LEAST_SPREAD = 0.05;
    private static final double LEAST_RANK = 2;

    /** By column of curves.csv; test samples are not looked at. */
    Map<String, Double> of(EncoderWithHead network) {
        Features features = Features.of(network.backbone(), store, config.views().globalSize());
        int[] labels = cohort.labels();
        LinearProbe.Fit fit = new LogisticProbe(PENALTIES, STEPS).fit(features, labels, cohort.splits());
        LinearProbe.Point point = fit.curve().get(fit.chosen());
        Map<String, Double> values = new LinkedHashMap<>(Map.of("train_loss", point.trainLoss(), "train_auc",
                point.trainAuc(), "validation_loss", point.validationLoss(), "validation_auc", point.validationAuc()));
        decided("train", cohort.splits().train(), fit.scores(), values);
        decided("validation", cohort.splits().validation(), fit.scores(), values);
        List<Integer> validation = cohort.splits().validation();
        values.put("knn_auc", BinaryMetrics.auc(pick(labels, validation), NEIGHBOURS.scores(features, labels,
                cohort.splits().train(), validation)));
        CollapseIndicators indicators = indicators(features);
        values.put("spread", indicators.spread());
        values.put("effective_rank", indicators.effectiveRank());
        return values;
    }

    /** One line when the features have collapsed or are about to. */
    static java.util.Optional<String> warning(Map<String, Double> values, int epoch) {
        boolean spread = values.get("spread") < LEAST_SPREAD;
        return spread || values.get("effective_rank") < LEAST_RANK ? java.util.Optional.of(String.format(
                java.util.Locale.ROOT,
                        "collapse: after epoch %d the features' spread is %.3f (1: over the sphere, 0: one "
                + "point) and their effective rank %.1f; lower pretrain.learningRate, or raise pretrain.batch", epoch,
                values.get("spread"), values.get("effective_rank"))) : java.util.Optional.empty();
    }

    private void decided(String part, List<Integer> rows, double[] scores, Map<String, Double> values) {
        BinaryMetrics metrics = BinaryMetrics.at(0.5, pick(cohort.labels(), rows),
                rows.stream().mapToDouble(n -> scores[n]).toArray());
        values.put(part + "_f1", metrics.f1());
        values.put(part + "_accuracy", metrics.accuracy());
    }

    private static int[] pick(int[] labels, List<Integer> rows) {
        return rows.stream().mapToInt(n -> labels[n]).toArray();
    }

    private CollapseIndicators indicators(Features features) {
        float[][] rows = cohort.splits().train().stream().limit(SPREAD_OVER).map(n -> features.rows()[n])
                .toArray(float[][]::new);
        double[] flat = Arrays.stream(rows).flatMapToDouble(r -> java.util.stream.IntStream.range(0, r.length)
                .mapToDouble(k -> r[k])).toArray();
        try (TensorScope scope = TensorScope.open()) {
            return CollapseIndicators.of(Tensor.of(store.device(), Shape.of(rows.length, features.width()), DType.F32,
                    flat));
        }
    }
}
