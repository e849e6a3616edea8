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
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
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
    /** Below these the features of different segments are all but the same (spread), or on few lines (rank). */
    private static final double LEAST_SPREAD = 0.05;
    private static final double LEAST_RANK = 2;
    /** SwAV's loss / ln K above this, after this share of training: all prototypes are still predicted alike. */
    private static final double CHANCE = 0.98;
    private static final double SETTLED = 0.5;
    /** Smaller shares of the prototypes in use are the collapse that the codes are to prevent. */
    private static final double LEAST_OCCUPIED = 0.05;

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

    /** A line for each thing that has collapsed or is about to: what was seen and what to set. */
    List<String> warnings(Map<String, Double> values, int epoch) {
        List<String> lines = new ArrayList<>();
        if (values.get("spread") < LEAST_SPREAD || values.get("effective_rank") < LEAST_RANK) {
            lines.add(String.format(Locale.ROOT, "collapse: after epoch %d the features' spread is %.3f (1: over the "
                    + "sphere, 0: one point) and their effective rank %.1f; lower pretrain.learningRate, or raise "
                    + "pretrain.batch", epoch, values.get("spread"), values.get("effective_rank")));
        }
        if (values.containsKey("prototypes_occupied")) {
            double chance = values.get("loss_per_chance");
            if (chance > CHANCE && epoch >= SETTLED * config.pretrain().epochs()) {
                lines.add(String.format(Locale.ROOT, "collapse: after epoch %d SwAV's loss is %.3f ln K, that of "
                        + "predicting all prototypes alike; lower swav.prototypes, swav.freezeSteps or swav.epsilon",
                        epoch, chance));
            }
            if (values.get("prototypes_occupied") < LEAST_OCCUPIED) {
                lines.add(String.format(Locale.ROOT, "collapse: after epoch %d only %.1f %% of SwAV's prototypes are "
                        + "any sample's first choice; lower pretrain.learningRate or swav.prototypes", epoch,
                        100 * values.get("prototypes_occupied")));
            }
        }
        return lines;
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
