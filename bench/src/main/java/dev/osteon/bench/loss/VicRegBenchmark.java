package dev.osteon.bench.loss;

import dev.osteon.bench.Work;
import org.openjdk.jmh.annotations.Param;

/** VICReg between two views of n samples, forward and backward. */
public class VicRegBenchmark extends LossBenchmark {

    @Param({"256", "1024", "4096"})
    public int n;

    @Override
    public Work of(LossSuite suite) {
        return suite.vicReg(n);
    }
}
