package dev.osteon.bench.kernel;

import static dev.osteon.engine.conformance.Operand.normal;

import dev.osteon.bench.ComparedBenchmark;
import dev.osteon.bench.Peer;
import dev.osteon.bench.Work;
import dev.osteon.engine.op.MatMul;
import java.util.Set;
import org.openjdk.jmh.annotations.Param;

/** A matrix product. */
public class MatMulBenchmark extends ComparedBenchmark {

    /** MxKxN: square ones, a batch through the classifier of a ResNet-50, embeddings by SwAV's prototypes. */
    @Param({"512x512x512", "1536x1536x1536", "64x2048x1000", "1024x128x3000"})
    public String shape;

    @Param({"f32", "bf16"})
    public String type;

    /** M, K and N. */
    public int[] sizes() {
        return numbers(shape, 3);
    }

    @Override
    protected Work ours() {
        int[] s = sizes();
        return OpWork.of(new MatMul(MatMul.Transpose.NO, MatMul.Transpose.NO), OpWork.type(type), normal(s[0], s[1]),
                normal(s[1], s[2]));
    }

    @Override
    public Set<Peer> peers() {
        return Set.of(Peer.LIBTORCH, Peer.LIBTORCH_AVX2);
    }
}
