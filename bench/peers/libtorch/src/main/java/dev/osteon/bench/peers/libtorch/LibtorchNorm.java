package dev.osteon.bench.peers.libtorch;

import static org.bytedeco.pytorch.global.torch.batch_norm;
import static org.bytedeco.pytorch.global.torch.ones;
import static org.bytedeco.pytorch.global.torch.zeros;

import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptional;

/** Batch-norm in training, of [N, C] or [N, C, H, W]. */
final class LibtorchNorm {

    private final Tensor gamma;
    private final Tensor beta;
    private final Tensor runningMean;
    private final Tensor runningVariance;

    LibtorchNorm(LibtorchParameters parameters, int channels) {
        gamma = parameters.add(ones(channels));
        beta = parameters.add(zeros(channels));
        runningMean = zeros(channels);
        runningVariance = ones(channels);
    }

    Tensor forward(Tensor x) {
        return batch_norm(x, new TensorOptional(gamma), new TensorOptional(beta), new TensorOptional(runningMean),
                new TensorOptional(runningVariance), true, 0.1, 1e-5, false);
    }
}
