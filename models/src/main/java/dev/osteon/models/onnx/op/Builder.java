package dev.osteon.models.onnx.op;

import dev.osteon.models.onnx.value.Value;
import java.util.List;

/** Computes a node's outputs, in their order, from its inputs; new tensors belong to the innermost scope. */
@FunctionalInterface
interface Builder {

    List<Value> build(Call call);

    /** A builder with one output. */
    @FunctionalInterface
    interface Single {
        Value build(Call call);
    }
}
