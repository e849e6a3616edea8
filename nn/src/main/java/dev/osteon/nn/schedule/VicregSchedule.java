package dev.osteon.nn.schedule;

/**
 * VICReg's rate per iteration (facebookresearch/vicreg, main_vicreg.py): scaled by batch/256, a straight line from 0
 * over the warm-up, then half a cosine to a thousandth.
 *
 * @param base   rate of a batch of 256
 * @param batch  images per step
 * @param warmup iterations of the warm-up, fewer than total
 * @param total  iterations of the whole run
 */
public record VicregSchedule(double base, int batch, int warmup, int total) implements LearningRate {

    public VicregSchedule {
        LearningRate.require("VICReg schedule's batch", batch, 1);
        LearningRate.require("VICReg schedule's warm-up", warmup, 0);
        LearningRate.require("VICReg schedule's total with a warm-up of " + warmup, total, warmup + 1);
    }

    @Override
    public double at(int step) {
        double scaled = base * batch / 256;
        return step < warmup ? scaled * step / warmup
                : LearningRate.cosine(scaled, scaled * 0.001, (double) (step - warmup) / (total - warmup));
    }
}
