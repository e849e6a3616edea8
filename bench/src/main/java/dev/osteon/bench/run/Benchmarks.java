package dev.osteon.bench.run;

import dev.osteon.bench.ComparedBenchmark;
import dev.osteon.bench.kernel.BatchNormBenchmark;
import dev.osteon.bench.kernel.ConvolutionBenchmark;
import dev.osteon.bench.kernel.CropResizeBenchmark;
import dev.osteon.bench.kernel.MatMulBenchmark;
import dev.osteon.bench.loss.LarcBenchmark;
import dev.osteon.bench.loss.NtXentBenchmark;
import dev.osteon.bench.loss.SinkhornBenchmark;
import dev.osteon.bench.loss.SupConBenchmark;
import dev.osteon.bench.loss.SwavBenchmark;
import dev.osteon.bench.loss.VicRegBenchmark;
import dev.osteon.bench.sam.SamBenchmark;
import dev.osteon.bench.step.MultiCropStepBenchmark;
import dev.osteon.bench.step.TrainingStepBenchmark;
import java.util.List;

/** The table of benchmarks, the largest works first. */
final class Benchmarks {

    static final List<Class<? extends ComparedBenchmark>> ALL = List.of(
            TrainingStepBenchmark.class,
            MultiCropStepBenchmark.class,
            SamBenchmark.class,
            NtXentBenchmark.class,
            SupConBenchmark.class,
            SwavBenchmark.class,
            SinkhornBenchmark.class,
            VicRegBenchmark.class,
            LarcBenchmark.class,
            CropResizeBenchmark.class,
            MatMulBenchmark.class,
            BatchNormBenchmark.class,
            ConvolutionBenchmark.class);

    private Benchmarks() {}
}
