package dev.osteon.bench.loss;

import dev.osteon.bench.ComparedBenchmark;
import dev.osteon.bench.Peer;
import dev.osteon.bench.Work;
import dev.osteon.engine.tensor.Device;
import java.util.Set;

/** What the benchmarks of the losses have in common: the same suite of losses from each implementation. */
public abstract class LossBenchmark extends ComparedBenchmark {

    /** This benchmark's loss. */
    public abstract Work of(LossSuite suite);

    @Override
    protected Work ours() {
        return of(new OsteonLosses(Device.CPU));
    }

    @Override
    public Set<Peer> peers() {
        return Set.of(Peer.LIBTORCH, Peer.LIBTORCH_AVX2);
    }
}
