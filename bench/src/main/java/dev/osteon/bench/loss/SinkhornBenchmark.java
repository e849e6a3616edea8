package dev.osteon.bench.loss;

import dev.osteon.bench.Work;
import org.openjdk.jmh.annotations.Param;

/** SwAV's codes of n samples over 3000 prototypes; no gradient flows through them. */
public class SinkhornBenchmark extends LossBenchmark {

    @Param({"256", "1024", "4096"})
    public int n;

    @Override
    public Work of(LossSuite suite) {
        return suite.sinkhorn(n);
    }
}
