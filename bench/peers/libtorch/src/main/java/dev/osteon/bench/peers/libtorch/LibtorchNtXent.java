package dev.osteon.bench.peers.libtorch;

import static dev.osteon.bench.peers.libtorch.LibtorchLosses.scalar;
import static org.bytedeco.pytorch.global.torch.arange;
import static org.bytedeco.pytorch.global.torch.cross_entropy_loss;
import static org.bytedeco.pytorch.global.torch.eye;

import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch.ScalarType;

/**
 * NT-Xent between two views of n samples: similarities of all rows, the diagonal masked, cross-entropy against the
 * partner.
 *
 * @param self     [2n, 2n], the diagonal
 * @param partners [2n], the row of each row's other view
 */
record LibtorchNtXent(Tensor self, Tensor partners, double temperature) {

    static LibtorchNtXent of(int n, double temperature) {
        return new LibtorchNtXent(eye(2L * n).to(ScalarType.Bool), arange(scalar(2L * n)).add(scalar(n))
                .remainder(scalar(2L * n)).to(ScalarType.Long), temperature);
    }

    /** @param z [2n, d], rows of length 1, one view's before the other's */
    Tensor loss(Tensor z) {
        Tensor logits = z.matmul(z.t()).div(scalar(temperature)).masked_fill(self, scalar(-1e9));
        return cross_entropy_loss(logits, partners);
    }
}
