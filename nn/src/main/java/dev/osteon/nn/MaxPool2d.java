package dev.osteon.nn;

import dev.osteon.engine.op.Ops;
import dev.osteon.engine.op.Window;
import dev.osteon.engine.memory.TensorScope;
import dev.osteon.engine.tensor.Tensor;

/** Maximum over windows, padded with −∞. */
public record MaxPool2d(Window kernel, Window stride, Window padding) implements Module {

    @Override
    public Tensor forward(Tensor x) {
        try (TensorScope scope = TensorScope.open()) {   // the winners' places are of use to the tape only
            return scope.keep(Ops.maxPool2d(x, kernel, stride, padding));
        }
    }
}
