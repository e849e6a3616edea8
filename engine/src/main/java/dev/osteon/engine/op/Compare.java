package dev.osteon.engine.op;

import dev.osteon.engine.tensor.DType;
import dev.osteon.engine.tensor.TensorSpec;
import java.util.List;

/** a ? b, element by element with broadcasting; gives {@link DType#BOOL}. No gradient. NaN compares as in Java. */
public record Compare(Relation relation) implements Op {

    /** The relations. */
    public enum Relation { EQUAL, NOT_EQUAL, LESS, LESS_EQUAL, GREATER, GREATER_EQUAL }

    @Override
    public List<TensorSpec> infer(List<TensorSpec> inputs) {
        Check.count(this, inputs, 2, 2);
        return List.of(Binary.broadcast(this, inputs).withDType(DType.BOOL));
    }

    @Override
    public boolean differentiable() {
        return false;
    }
}
