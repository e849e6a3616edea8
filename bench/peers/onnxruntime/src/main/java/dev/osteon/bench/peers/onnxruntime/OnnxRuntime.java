package dev.osteon.bench.peers.onnxruntime;

import ai.onnxruntime.OrtEnvironment;
import dev.osteon.bench.ComparedBenchmark;
import dev.osteon.bench.Implementation;
import dev.osteon.bench.Work;
import dev.osteon.bench.sam.SamBenchmark;

/** onnxruntime with its default optimisations. */
public final class OnnxRuntime implements Implementation {

    @Override
    public String name() {
        return "onnxruntime";
    }

    @Override
    public String description() {
        return "onnxruntime " + OrtEnvironment.getEnvironment().getVersion();
    }

    @Override
    public Work work(ComparedBenchmark benchmark, int threads) {
        if (benchmark instanceof SamBenchmark sam) {
            return new OnnxRuntimeSam(sam.part(), sam.folder(), threads);
        }
        throw lacks(benchmark);
    }
}
