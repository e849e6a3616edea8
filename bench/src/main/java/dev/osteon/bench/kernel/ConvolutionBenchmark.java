package dev.osteon.bench.kernel;

import static dev.osteon.engine.conformance.Operand.normal;

import dev.osteon.bench.ComparedBenchmark;
import dev.osteon.bench.Peer;
import dev.osteon.bench.Work;
import dev.osteon.engine.conformance.Operand;
import dev.osteon.engine.op.Conv2dBackwardWeights;
import dev.osteon.engine.op.ConvTranspose2d;
import dev.osteon.engine.op.Window;
import dev.osteon.engine.tensor.DType;
import java.util.Set;
import org.openjdk.jmh.annotations.Param;

/** A convolution of a ResNet-50, channels-last, 16 images: forward, and its gradients for the input and the weights. */
public class ConvolutionBenchmark extends ComparedBenchmark {

    /** Images in a batch. */
    public static final int BATCH = 16;

    /** {@link ResNetConvolution#named}. */
    @Param({"stem", "1.reduce", "1.spatial", "1.expand", "2.stride", "2.shortcut", "2.reduce", "2.spatial", "2.expand",
        "3.reduce", "3.spatial", "3.expand", "4.reduce", "4.spatial", "4.expand"})
    public String layer;

    /** Forward, the gradient of the input, or that of the weights. */
    @Param({"forward", "data", "weights"})
    public String pass;

    @Param({"f32", "bf16"})
    public String type;

    @Override
    protected Work ours() {
        ResNetConvolution c = ResNetConvolution.named(layer);
        DType element = OpWork.type(type);
        Operand x = normal(BATCH, c.in(), c.side(), c.side()).channelsLast();
        Operand y = normal(BATCH, c.out(), c.outSide(), c.outSide()).channelsLast();
        Operand w = normal(c.out(), c.in(), c.kernel(), c.kernel());
        return switch (pass) {
            case "forward" -> OpWork.of(c.op(), element, x, w);
            case "data" -> OpWork.of(new ConvTranspose2d(c.op().stride(), c.op().padding(),
                    Window.square(c.stride() - 1), Window.ONE, 1), element, y, w);
            case "weights" -> OpWork.of(new Conv2dBackwardWeights(c.op(), Window.square(c.kernel())), element, x, y);
            default -> throw new IllegalArgumentException("given pass " + pass
                    + "; expected forward, data or weights");
        };
    }

    @Override
    public Set<Peer> peers() {
        return Set.of(Peer.LIBTORCH, Peer.LIBTORCH_AVX2);
    }
}
