package dev.osteon.engine.backend.host;

import dev.osteon.engine.EngineException;
import dev.osteon.engine.op.Op;
import dev.osteon.engine.tensor.Tensor;

/** Tensors of integers as places in an array, checked. */
public final class Indices {

    private Indices() {}

    /**
     * The tensor's values as array indices.
     *
     * @throws EngineException naming the first that is not within 0 … {@code size} − 1
     */
    public static int[] indices(Op op, Tensor tensor, int size) {
        double[] given = tensor.toDoubles();      // exact for every index that can be within
        int[] index = new int[given.length];
        for (int i = 0; i < index.length; i++) {
            if (given[i] < 0 || given[i] >= size) {
                throw new EngineException(op.name() + ": given index " + (long) given[i] + " at position " + i
                        + "; expected 0 to " + (size - 1));
            }
            index[i] = (int) given[i];
        }
        return index;
    }
}
