package dev.osteon.ssl.train;

import dev.osteon.engine.tensor.Tensor;
import dev.osteon.models.EncoderWithHead;
import dev.osteon.nn.Module;
import dev.osteon.ssl.loss.SslMethod;
import java.util.SequencedMap;

/** All that pretext training trains and saves: the network, and beside it what the method itself has. */
public record PretextModel(EncoderWithHead network, SslMethod method) implements Module {

    /** The network's embeddings. */
    @Override
    public Tensor forward(Tensor x) {
        return network.forward(x);
    }

    /** {@code backbone}, {@code head}, and the method's parts, as {@code prototypes}. */
    @Override
    public SequencedMap<String, Module> children() {
        SequencedMap<String, Module> children = network.children();
        children.putAll(method.state().children());
        return children;
    }

    @Override
    public String architecture() {
        return network.architecture();
    }
}
