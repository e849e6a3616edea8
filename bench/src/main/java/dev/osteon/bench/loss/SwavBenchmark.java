package dev.osteon.bench.loss;

import dev.osteon.bench.Work;
import org.openjdk.jmh.annotations.Param;

/** SwAV's loss between two views of n samples with 3000 prototypes, forward and backward. */
public class SwavBenchmark extends LossBenchmark {

    @Param({"256", "1024", "4096"})
    public int n;

    @Override
    public Work of(LossSuite suite) {
        return suite.swav(n);
    }
}
