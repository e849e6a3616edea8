package dev.osteon.bench.loss;

import dev.osteon.bench.Work;
import org.openjdk.jmh.annotations.Param;

/** SupCon over two views of n samples of two classes, forward and backward. */
public class SupConBenchmark extends LossBenchmark {

    @Param({"256", "1024", "4096"})
    public int n;

    @Override
    public Work of(LossSuite suite) {
        return suite.supCon(n);
    }
}
