package dev.osteon.bench.peers.floor;

import dev.osteon.bench.ComparedBenchmark;
import dev.osteon.bench.Implementation;
import dev.osteon.bench.Work;
import dev.osteon.bench.step.TrainingStepBenchmark;

/** What oneDNN's own primitives take, one after another, with nothing around them: a floor, not a library. */
public final class Floor implements Implementation {

    @Override
    public String name() {
        return "floor";
    }

    @Override
    public String description() {
        return "chain of oneDNN 3.11 primitives, channels-last";
    }

    @Override
    public Work work(ComparedBenchmark benchmark, int threads) {
        if (benchmark instanceof TrainingStepBenchmark step) {
            return new ResNetChain(step.mixed() ? Dnnl.BF16 : Dnnl.F32, step.batch(), step.side());
        }
        throw lacks(benchmark);
    }
}
