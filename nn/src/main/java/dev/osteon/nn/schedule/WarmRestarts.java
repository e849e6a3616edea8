package dev.osteon.nn.schedule;

/**
 * Cosine annealing with warm restarts (Loshchilov and Hutter 2017), as torch's CosineAnnealingWarmRestarts: the rate
 * falls from {@code base} towards {@code floor} over {@code first} steps and starts again at base, each period
 * {@code factor} times as long as the one before.
 *
 * @param first  T_0, 1 or more
 * @param factor T_mult, 1 or more
 */
public record WarmRestarts(double base, double floor, int first, int factor) implements LearningRate {

    public WarmRestarts {
        LearningRate.require("warm restarts' first period", first, 1);
        LearningRate.require("warm restarts' factor", factor, 1);
    }

    @Override
    public double at(int step) {
        long start = 0;
        long period = first;
        if (factor == 1) {
            start = (long) step / first * first;
        }
        while (step >= start + period) {
            start += period;
            period *= factor;
        }
        return LearningRate.cosine(base, floor, (double) (step - start) / period);
    }
}
