package dev.osteon.bench.peers.dl4j;

import dev.osteon.bench.ComparedBenchmark;
import dev.osteon.bench.Implementation;
import dev.osteon.bench.Work;
import dev.osteon.bench.step.TrainingStepBenchmark;

/** Deeplearning4j as its users have it: the ResNet-50 of its model zoo and its {@code fit}. */
public final class Deeplearning4j implements Implementation {

    @Override
    public String name() {
        return "dl4j";
    }

    @Override
    public String description() {
        return "Deeplearning4j 1.0.0-M2.1, nd4j-native";
    }

    @Override
    public Work work(ComparedBenchmark benchmark, int threads) {
        if (benchmark instanceof TrainingStepBenchmark step && !step.mixed()) {
            return new Dl4jStep(step.batch(), step.side(), threads);
        }
        throw lacks(benchmark);
    }
}
