package dev.osteon.bench.peers.libtorch;

import static org.bytedeco.pytorch.global.torch.set_num_threads;

import dev.osteon.bench.ComparedBenchmark;
import dev.osteon.bench.Implementation;
import dev.osteon.bench.Work;
import dev.osteon.bench.kernel.BatchNormBenchmark;
import dev.osteon.bench.kernel.ConvolutionBenchmark;
import dev.osteon.bench.kernel.CropResizeBenchmark;
import dev.osteon.bench.kernel.MatMulBenchmark;
import dev.osteon.bench.loss.LossBenchmark;
import dev.osteon.bench.step.MultiCropStepBenchmark;
import dev.osteon.bench.step.TrainingStepBenchmark;
import java.util.Optional;

/** libtorch through JavaCPP's binding, called operation by operation as its users do. */
public final class Libtorch implements Implementation {

    @Override
    public String name() {
        return "libtorch";
    }

    @Override
    public String description() {
        return "libtorch 2.10, channels-last" + Optional.ofNullable(System.getenv("DNNL_MAX_CPU_ISA"))
                .map(isa -> ", oneDNN held to " + isa).orElse("");
    }

    @Override
    public Work work(ComparedBenchmark benchmark, int threads) {
        set_num_threads(threads);
        return switch (benchmark) {
            case TrainingStepBenchmark step -> new LibtorchStep(step);
            case MultiCropStepBenchmark step -> new LibtorchMultiCropStep(step, threads);
            case LossBenchmark loss -> loss.of(new LibtorchLosses());
            case CropResizeBenchmark crops -> new LibtorchCropResize(crops, threads);
            case ConvolutionBenchmark convolution -> LibtorchKernel.of(convolution);
            case BatchNormBenchmark norm -> LibtorchKernel.of(norm);
            case MatMulBenchmark product -> LibtorchKernel.of(product);
            default -> throw lacks(benchmark);
        };
    }
}
