package dev.osteon.engine.op;

import dev.osteon.engine.autograd.Backward;
import dev.osteon.engine.dispatch.Dispatcher;
import dev.osteon.engine.tensor.Tensor;
import java.util.stream.IntStream;

/** What products and convolutions share: their gradients begin behind the epilogue. */
final class Products {

    private Products() {}

    /** The two factors, and where there is an epilogue the bias, so that the product can be had again. */
    static Saves saves(Epilogue epilogue) {
        return epilogue == Epilogue.NONE ? Saves.inputs(0, 1) : Saves.inputs(0, 1, 2);
    }

    /**
     * Gradient with respect to the product before its epilogue.
     *
     * @param plain the operation without one; it is run once more, which is dearer than to keep its result, and smaller
     */
    static Tensor upstream(Op plain, Epilogue epilogue, Backward back) {
        return epilogue == Epilogue.NONE ? back.upstream() : epilogue.gradient(back.upstream(), Dispatcher.run(plain,
                IntStream.range(0, back.inputs()).mapToObj(back::input).toArray(Tensor[]::new)));
    }
}
