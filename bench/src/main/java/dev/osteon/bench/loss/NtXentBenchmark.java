package dev.osteon.bench.loss;

import dev.osteon.bench.Work;
import org.openjdk.jmh.annotations.Param;

/** NT-Xent between two views of n samples, forward and backward. */
public class NtXentBenchmark extends LossBenchmark {

    @Param({"256", "1024", "4096"})
    public int n;

    @Override
    public Work of(LossSuite suite) {
        return suite.ntXent(n);
    }
}
