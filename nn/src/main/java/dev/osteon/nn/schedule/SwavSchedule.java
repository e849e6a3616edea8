package dev.osteon.nn.schedule;

/**
 * SwAV's rate per iteration (facebookresearch/swav, main_swav.py): a warm-up from {@code start} to {@code base} that
 * includes its end, then half a cosine to {@code last}. So base occurs twice, and the final step is one short of last.
 *
 * @param warmup iterations of the warm-up, fewer than total
 * @param total  iterations of the whole run
 */
public record SwavSchedule(double start, double base, double last, int warmup, int total) implements LearningRate {

    public SwavSchedule {
        LearningRate.require("SwAV schedule's warm-up", warmup, 0);
        LearningRate.require("SwAV schedule's total with a warm-up of " + warmup, total, warmup + 1);
    }

    @Override
    public double at(int step) {
        if (step >= warmup) {
            return LearningRate.cosine(base, last, (double) (step - warmup) / (total - warmup));
        }
        return warmup == 1 ? start : start + (base - start) * step / (warmup - 1);
    }
}
