package dev.osteon.nn.schedule;

/** A learning rate as a pure function of the step, so that a resumed run needs nothing but its step number. */
@FunctionalInterface
public interface LearningRate {

    /** The rate of step (or epoch, as the schedule says) {@code step}, from 0. */
    double at(int step);

    /** floor + (base − floor)·(1 + cos(π·fraction))/2: base at 0, floor at 1 (Loshchilov and Hutter 2017, eq. 5). */
    static double cosine(double base, double floor, double fraction) {
        return floor + (base - floor) * (1 + Math.cos(Math.PI * fraction)) / 2;
    }

    /** @throws dev.osteon.engine.EngineException when {@code value} is below {@code least} */
    static void require(String what, int value, int least) {
        if (value < least) {
            throw new dev.osteon.engine.EngineException(what + ": given " + value + "; expected " + least + " or more");
        }
    }
}
