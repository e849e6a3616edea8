package dev.osteon.bench.step;

import dev.osteon.bench.ComparedBenchmark;
import dev.osteon.bench.Peer;
import dev.osteon.bench.Work;
import dev.osteon.engine.tensor.Device;
import dev.osteon.nn.TrainingPrecision;
import dev.osteon.ssl.views.MultiCrop;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Warmup;

/**
 * One step of the paper's pretext training: two views of 224² and four of 96² of each segment are drawn and cut, a
 * ResNet-50 with one input channel and SimCLR's projection head embed them, NT-Xent over all pairs of views with a
 * global one, backward, LARC. An iteration is one step.
 */
@Warmup(iterations = 12, time = 1, timeUnit = TimeUnit.MILLISECONDS)      // compiling takes cores from the first ten
@Measurement(iterations = 5, time = 1, timeUnit = TimeUnit.MILLISECONDS)
public class MultiCropStepBenchmark extends ComparedBenchmark {

    private static final int WIDTH = 64;
    private static final int BATCHES = 4;

    /** Segments of a step; six views of each. */
    @Param("16")
    public int images;

    /** float32, or mixed precision: bf16 for convolutions and matrix products with float32 parameters. */
    @Param({"f32", "bf16"})
    public String type;

    /** What is trained, on a data set of four batches. */
    public PretextWork.Setting setting() {
        return new PretextWork.Setting(images, MultiCrop.paper(), WIDTH, BATCHES * images, precision());
    }

    private TrainingPrecision precision() {
        return switch (type) {
            case "f32" -> TrainingPrecision.FLOAT32;
            case "bf16" -> TrainingPrecision.BF16;
            default -> throw new IllegalArgumentException("given type " + type + "; expected f32 or bf16");
        };
    }

    @Override
    protected Work ours() {
        PretextWork training = new PretextWork(Device.CPU, setting());
        return new Work() {
            @Override
            public void run() {
                training.step();
                training.loss();
            }

            @Override
            public boolean hasSteps() {
                return true;
            }

            @Override
            public void close() {
                training.close();
            }
        };
    }

    @Override
    public Set<Peer> peers() {
        return Set.of(Peer.LIBTORCH, Peer.LIBTORCH_AVX2);
    }
}
