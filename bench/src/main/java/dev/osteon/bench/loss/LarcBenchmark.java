package dev.osteon.bench.loss;

import dev.osteon.bench.Work;

/** A LARC step over the 161 parameters of a ResNet-50, 25.6 million numbers. */
public class LarcBenchmark extends LossBenchmark {

    @Override
    public Work of(LossSuite suite) {
        return suite.larc();
    }
}
