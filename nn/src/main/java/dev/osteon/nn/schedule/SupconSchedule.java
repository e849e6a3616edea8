package dev.osteon.nn.schedule;

/**
 * SupContrast's cosine per epoch (HobbitLong/SupContrast, util.py): down to base·decay³. Its epochs count from 1, so
 * the first epoch, step 0 here, is already below base, and the last one reaches the floor.
 */
public record SupconSchedule(double base, double decay, int epochs) implements LearningRate {

    public SupconSchedule {
        LearningRate.require("SupCon schedule's epochs", epochs, 1);
    }

    @Override
    public double at(int step) {
        return LearningRate.cosine(base, base * decay * decay * decay, (step + 1.0) / epochs);
    }
}
