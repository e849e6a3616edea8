package dev.osteon.app.run;

import dev.osteon.app.config.RunConfig;
import dev.osteon.engine.memory.TensorScope;
import dev.osteon.engine.tensor.DType;
import dev.osteon.engine.tensor.Shape;
import dev.osteon.engine.tensor.Tensor;
import dev.osteon.models.EncoderWithHead;
import dev.osteon.ssl.collapse.CollapseIndicators;
import dev.osteon.ssl.collapse.PrototypeUse;
import dev.osteon.ssl.data.SegmentStore;
import dev.osteon.ssl.loss.MultiCropLoss;
import dev.osteon.ssl.loss.SslMethod;
import dev.osteon.ssl.loss.Swav;
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
 * segments, how much of the feature space they use, and how much of its prototypes SwAV. It changes nothing of the
 * training.
 */
record EpochCheck(RunConfig config, SegmentStore store, Cohort cohort, SslMethod method) {

    private static final List<Double> PENALTIES = List.of(1e-2, 1e-4);
    private static final int STEPS = 60;
    private static final KnnClassifier NEIGHBOURS = new KnnClassifier(20, 0.07);
    private static final int SPREAD_OVER = 512;

    /** By column of curves.csv; test samples are not looked at. */
    Map<String, Double> of(EncoderWithHead network, double loss) {
        Features features = Features.of(network.backbone(), store, config.views().globalSize());
        int[] labels = cohort.labels();
        LinearProbe.Fit fit = new LogisticProbe(PENALTIES, STEPS, config.probe().classWeights())
                .fit(features, labels, cohort.splits());
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
        if (method instanceof Swav swav) {
            PrototypeUse use = prototypes(network, swav, loss);
            values.put("loss_per_chance", use.lossPerChance());
            values.put("prototypes_occupied", use.occupied());
            values.put("prototypes_used_alike", use.effectiveShare());
        }
        return values;
    }

    private PrototypeUse prototypes(EncoderWithHead network, Swav swav, double loss) {
        RunConfig.Views views = config.views();
        int terms = MultiCropLoss.pairs(views.globalCount() + views.localCount()).size();
        double mean = config.pretrain().reduction() == MultiCropLoss.Reduction.SUM ? loss / terms : loss;
        int[] some = cohort.splits().train().stream().limit(SPREAD_OVER).mapToInt(Integer::intValue).toArray();
        try (TensorScope scope = TensorScope.open()) {
            Tensor embeddings = network.forward(store.whole(some, views.globalSize()));
            return PrototypeUse.of(mean, swav.predictionsOf(embeddings));
        }
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
