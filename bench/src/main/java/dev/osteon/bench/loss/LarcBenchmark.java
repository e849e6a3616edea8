package dev.osteon.bench.loss;

/** A LARC step over the 161 parameters of a ResNet-50, 25.6 million numbers. */
public class LarcBenchmark extends LossBenchmark {

    @Override
    protected LossWork of(LossSuite suite) {
        return suite.larc();
    }
}
