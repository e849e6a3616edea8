package dev.osteon.bench.peers.libtorch;

import java.util.ArrayList;
import java.util.List;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch.MemoryFormat;

/** A network's trained tensors, kernels channels-last, in the order in which they were made. */
final class LibtorchParameters {

    private final List<Tensor> all = new ArrayList<>();

    /** A leaf with these values. */
    Tensor add(Tensor values) {
        Tensor laid = values.dim() == 4 ? values.contiguous(MemoryFormat.ChannelsLast) : values;
        Tensor leaf = laid.detach().set_requires_grad(true);
        all.add(leaf);
        return leaf;
    }

    List<Tensor> all() {
        return List.copyOf(all);
    }

    /** As an optimiser takes them. */
    static TensorVector vector(List<Tensor> tensors) {
        return new TensorVector(tensors.toArray(Tensor[]::new));
    }
}
