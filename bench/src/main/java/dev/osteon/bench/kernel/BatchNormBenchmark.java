package dev.osteon.bench.kernel;

import static dev.osteon.engine.conformance.Operand.normal;
import static dev.osteon.engine.conformance.Operand.positive;

import dev.osteon.bench.ComparedBenchmark;
import dev.osteon.bench.Peer;
import dev.osteon.bench.Work;
import dev.osteon.engine.conformance.Operand;
import dev.osteon.engine.op.Activation;
import dev.osteon.engine.op.BatchNormBackward;
import dev.osteon.engine.op.BatchNormTrain;
import java.util.Set;
import org.openjdk.jmh.annotations.Param;

/**
 * Batch-norm, the addition of a residual branch if there is one, and ReLU, with the batch's statistics; 16 images,
 * channels-last.
 */
public class BatchNormBenchmark extends ComparedBenchmark {

    /** Images in a batch. */
    public static final int BATCH = 16;

    private static final double EPS = 1e-5;

    /** CHANNELSxSIDE: what a ResNet-50 has within and at the end of its blocks. */
    @Param({"64x112", "64x56", "256x56", "512x28", "1024x14", "2048x7"})
    public String activation;

    /** Nothing, or a residual that is added before the ReLU. */
    @Param({"none", "residual"})
    public String branch;

    @Param({"forward", "backward"})
    public String pass;

    @Param({"f32", "bf16"})
    public String type;

    /** Of the activation. */
    public int channels() {
        return numbers(activation, 2)[0];
    }

    /** Of the activation, in pixels. */
    public int side() {
        return numbers(activation, 2)[1];
    }

    @Override
    protected Work ours() {
        int c = channels();
        Operand x = normal(BATCH, c, side(), side()).channelsLast();
        boolean residual = branch.equals("residual");
        if (pass.equals("backward")) {
            BatchNormBackward backward = new BatchNormBackward(EPS, Activation.RELU, residual
                    ? BatchNormTrain.Branch.RESIDUAL : BatchNormTrain.Branch.NONE);
            return OpWork.of(backward, OpWork.type(type), x, x, positive(c), normal(c), positive(c), x);
        }
        BatchNormTrain forward = new BatchNormTrain(EPS, Activation.RELU);
        return residual ? OpWork.of(forward, OpWork.type(type), x, positive(c), normal(c), x)
                : OpWork.of(forward, OpWork.type(type), x, positive(c), normal(c));
    }

    @Override
    public Set<Peer> peers() {
        return Set.of(Peer.LIBTORCH, Peer.LIBTORCH_AVX2);
    }
}
