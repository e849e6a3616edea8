package dev.osteon.nn.schedule;

/**
 * A straight line from {@code start} to the first rate of {@code then} over {@code steps} steps, and then that
 * schedule from its beginning. The end of the line is the first step of {@code then}: no rate occurs twice.
 */
public record LinearWarmup(double start, int steps, LearningRate then) implements LearningRate {

    public LinearWarmup {
        LearningRate.require("warm-up's steps", steps, 0);
    }

    @Override
    public double at(int step) {
        return step < steps ? start + (then.at(0) - start) * step / steps : then.at(step - steps);
    }
}
