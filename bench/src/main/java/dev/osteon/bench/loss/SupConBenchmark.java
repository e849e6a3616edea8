package dev.osteon.bench.loss;

import org.openjdk.jmh.annotations.Param;

/** SupCon over two views of n samples of two classes, forward and backward. */
public class SupConBenchmark extends LossBenchmark {

    @Param({"256", "1024", "4096"})
    public int n;

    @Override
    protected LossWork of(LossSuite suite) {
        return suite.supCon(n);
    }
}
