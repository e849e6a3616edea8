package dev.osteon.app.table;

import dev.osteon.ssl.metrics.BinaryMetrics;
import dev.osteon.ssl.metrics.Bootstrap;
import dev.osteon.ssl.metrics.Interval;
import java.util.List;
import java.util.Locale;
import java.util.function.ToDoubleFunction;
import java.util.stream.IntStream;
import org.apache.commons.math3.stat.descriptive.DescriptiveStatistics;

/** The trials of one row together; there is at least one. */
record Summary(Cell.Row row, List<CellResult> trials) {

    /** Mean and standard deviation (n − 1) over trials; 0 for a single one. */
    record Spread(double mean, double deviation) {

        /** As the paper's table: percent. */
        String percent() {
            return String.format(Locale.ROOT, "%.2f ± %.2f", 100 * mean, 100 * deviation);
        }
    }

    Spread over(ToDoubleFunction<CellResult> figure) {
        DescriptiveStatistics statistics = new DescriptiveStatistics();
        trials.forEach(t -> statistics.addValue(figure.applyAsDouble(t)));
        return new Spread(statistics.getMean(), statistics.getN() > 1 ? statistics.getStandardDeviation() : 0);
    }

    Spread test(String figure) {
        return over(t -> t.test(figure));
    }

    /**
     * 95 % interval of the trials' mean AUC: subjects are resampled within every trial, and the mean of the trials' AUC
     * taken each time. It takes the trials' test sets for independent; where they share subjects it is too narrow.
     */
    Interval auc(int resamples, long seed) {
        double[] means = new double[resamples];
        double mean = 0;
        for (CellResult trial : trials) {
            double[] values = new Bootstrap(resamples, seed + trial.cell().trial()).resampled(trial.labels(),
                    trial.scores(), trial.subjects(), BinaryMetrics::auc);
            IntStream.range(0, resamples).forEach(r -> means[r] += values[r] / trials.size());
            mean += BinaryMetrics.auc(trial.labels(), trial.scores()) / trials.size();
        }
        return Bootstrap.percentiles(mean, means);
    }
}
