package dev.osteon.bench.peers.djl;

import ai.djl.engine.Engine;
import dev.osteon.bench.ComparedBenchmark;
import dev.osteon.bench.Implementation;
import dev.osteon.bench.Work;
import dev.osteon.bench.step.TrainingStepBenchmark;

/** Deep Java Library as its users have it: the ResNet-50 of its model zoo and its trainer. */
public final class DeepJavaLibrary implements Implementation {

    @Override
    public String name() {
        return "djl";
    }

    @Override
    public String description() {
        return "DJL " + Engine.getDjlVersion() + " on PyTorch " + Engine.getInstance().getVersion();
    }

    @Override
    public Work work(ComparedBenchmark benchmark, int threads) {
        System.setProperty("ai.djl.pytorch.num_threads", String.valueOf(threads));
        if (benchmark instanceof TrainingStepBenchmark step && !step.mixed()) {
            return new DjlStep(step.batch(), step.side());
        }
        throw lacks(benchmark);
    }
}
