package dev.osteon.engine.op;

import dev.osteon.engine.autograd.Backward;
import dev.osteon.engine.dispatch.Dispatcher;
import dev.osteon.engine.tensor.Tensor;
import java.util.stream.IntStream;

/** What products and convolutions share in their gradients. */
final class Products {

    private Products() {}

    /** The result of an operation on the operands that were saved, computed once more rather than kept. */
    static Tensor again(Op op, Backward back) {
        return Dispatcher.run(op, IntStream.range(0, back.inputs()).mapToObj(back::input).toArray(Tensor[]::new));
    }
}
