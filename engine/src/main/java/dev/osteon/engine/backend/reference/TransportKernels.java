package dev.osteon.engine.backend.reference;

import dev.osteon.engine.op.Sinkhorn;
import dev.osteon.engine.tensor.Shape;
import dev.osteon.engine.tensor.Tensor;
import java.util.List;

/** Optimal transport. */
final class TransportKernels {

    private TransportKernels() {}

    /** Dividing a line of Q by its sum is, for log Q, log-softmax along it: no score is too large or too small. */
    static void sinkhorn(Sinkhorn op, List<Tensor> inputs, List<Tensor> outputs) {
        Shape shape = inputs.getFirst().shape();
        double[] logQ = Elements.doubles(inputs.getFirst());
        for (int i = 0; i < logQ.length; i++) {
            logQ[i] /= op.epsilon();
        }
        for (int iteration = 0; iteration < op.iterations(); iteration++) {
            ReductionKernels.logSoftmax(logQ, Axis.of(shape, 0));
            ReductionKernels.logSoftmax(logQ, Axis.of(shape, 1));
        }
        for (int i = 0; i < logQ.length; i++) {
            logQ[i] = Math.exp(logQ[i]);
        }
        Elements.write(outputs.getFirst(), logQ);
    }
}
