package dev.osteon.bench.step;

import dev.osteon.bench.ComparedBenchmark;
import dev.osteon.bench.Peer;
import dev.osteon.bench.Work;
import dev.osteon.engine.tensor.DType;
import dev.osteon.engine.tensor.Device;
import dev.osteon.models.ResNetSpec;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Warmup;

/**
 * One training step of a ResNet-50: forward, cross-entropy over 1000 classes, backward, SGD with momentum, on images
 * that stay the same. An iteration is one step.
 */
@Warmup(iterations = 30, time = 1, timeUnit = TimeUnit.MILLISECONDS)  // ever less compiling takes cores from these
@Measurement(iterations = 5, time = 1, timeUnit = TimeUnit.MILLISECONDS)
public class TrainingStepBenchmark extends ComparedBenchmark {

    /** Of the classifier. */
    public static final int CLASSES = 1000;

    /** IMAGESxSIDE. */
    @Param("16x224")
    public String images;

    /** float32, or mixed precision: bf16 for convolutions and matrix products with float32 parameters. */
    @Param({"f32", "bf16"})
    public String type;

    /** Images in a batch. */
    public int batch() {
        return numbers(images, 2)[0];
    }

    /** Of an image, in pixels. */
    public int side() {
        return numbers(images, 2)[1];
    }

    /** Whether in mixed precision. */
    public boolean mixed() {
        return type.equals("bf16");
    }

    @Override
    protected Work ours() {
        OsteonStep step = new OsteonStep(Device.CPU, mixed() ? Optional.of(DType.BF16) : Optional.empty(),
                ResNetSpec.resnet50(), batch(), side());
        return new Work() {
            @Override
            public void run() {
                step.run();
            }

            @Override
            public void close() {
                step.close();
            }
        };
    }

    @Override
    public Set<Peer> peers() {
        return mixed() ? Set.of(Peer.LIBTORCH, Peer.LIBTORCH_AVX2, Peer.FLOOR)
                : Set.of(Peer.LIBTORCH, Peer.LIBTORCH_AVX2, Peer.FLOOR, Peer.DJL, Peer.DL4J);
    }
}
