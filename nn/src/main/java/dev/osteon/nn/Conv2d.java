package dev.osteon.nn;

import dev.osteon.engine.dispatch.Dispatcher;
import dev.osteon.engine.dispatch.Span;
import dev.osteon.engine.op.Window;
import dev.osteon.engine.tensor.Shape;
import dev.osteon.engine.tensor.Tensor;
import java.util.LinkedHashMap;
import java.util.Optional;
import java.util.SequencedMap;

/**
 * A convolution with its weight [out, in/groups, kh, kw], drawn from N(0, 2/(out·kh·kw)) (He et al. 2015, fan-out, as
 * torchvision's networks), and an optional bias [out], uniform within ±1/√(in/groups·kh·kw).
 */
public final class Conv2d implements Module {

    private final dev.osteon.engine.op.Conv2d convolution;
    private final String path;
    private final Parameter weight;
    private final Optional<Parameter> bias;

    public Conv2d(Initializer init, int in, int out, Window kernel, dev.osteon.engine.op.Conv2d convolution,
            Bias bias) {
        this.convolution = convolution;
        path = init.path();
        int places = kernel.height() * kernel.width();
        Shape shape = Shape.of(out, in / convolution.groups(), kernel.height(), kernel.width());
        weight = init.normal("weight", shape, Math.sqrt(2.0 / ((double) out * places)));
        double bound = 1 / Math.sqrt((double) in / convolution.groups() * places);
        this.bias = bias == Bias.WITH ? Optional.of(init.uniform("bias", Shape.of(out), bound)) : Optional.empty();
    }

    /** A square kernel without bias, in one group. */
    public static Conv2d square(Initializer init, int in, int out, int kernel, int stride, int padding) {
        return new Conv2d(init, in, out, Window.square(kernel), new dev.osteon.engine.op.Conv2d(Window.square(stride),
                Window.square(padding), Window.ONE, 1), Bias.WITHOUT);
    }

    /** x [N, in, H, W] to [N, out, H', W']. */
    @Override
    public Tensor forward(Tensor x) {
        try (Span span = Span.open(Span.Kind.MODULE, path)) {
            return bias.isPresent() ? Dispatcher.run(convolution, x, weight.tensor(), bias.get().tensor())
                    : Dispatcher.run(convolution, x, weight.tensor());
        }
    }

    @Override
    public SequencedMap<String, Parameter> ownParameters() {
        SequencedMap<String, Parameter> own = new LinkedHashMap<>();
        own.put("weight", weight);
        bias.ifPresent(b -> own.put("bias", b));
        return own;
    }
}
