package dev.osteon.nn.schedule;

/**
 * Half a cosine from {@code base} to {@code floor} over {@code period} steps, as torch's CosineAnnealingLR in closed
 * form: after the period the rate rises again.
 *
 * @param period T_max, 1 or more
 */
public record CosineSchedule(double base, double floor, int period) implements LearningRate {

    public CosineSchedule {
        LearningRate.require("cosine schedule's period", period, 1);
    }

    @Override
    public double at(int step) {
        return LearningRate.cosine(base, floor, (double) step / period);
    }
}
