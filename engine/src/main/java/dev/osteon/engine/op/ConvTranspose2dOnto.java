package dev.osteon.engine.op;

import dev.osteon.engine.tensor.TensorSpec;
import java.util.List;

/**
 * Adds a transposed convolution to a tensor in place, as the gradients of an image come together that more than one
 * operation has read: x ← x + transposed convolution of y. Operands: y [N, C, H, W] and weight [C, O/groups, kh, kw] as
 * {@link ConvTranspose2d} has them, and x [N, O, H', W'], all of one type. A kernel may round the sum once, where two
 * operations round twice.
 *
 * @param transpose what is added, without a bias
 */
public record ConvTranspose2dOnto(ConvTranspose2d transpose) implements Op {

    /** Which operand is added to. */
    private static final int X = 2;

    @Override
    public List<TensorSpec> infer(List<TensorSpec> inputs) {
        Check.count(this, inputs, 3, 3);
        TensorSpec added = transpose.infer(inputs.subList(0, X)).getFirst();
        boolean oneType = inputs.stream().map(TensorSpec::dtype).distinct().count() == 1;
        Check.that(oneType && inputs.get(X).shape().equals(added.shape()), this, inputs,
                "operands of one type, the last of shape " + added.shape());
        return List.of();
    }

    @Override
    public boolean differentiable() {
        return false;
    }

    @Override
    public boolean changes(int operand) {
        return operand == X;
    }

    @Override
    public Cost cost(List<TensorSpec> inputs, List<TensorSpec> outputs) {
        Cost added = transpose.cost(inputs, outputs);
        return new Cost(added.flops() + inputs.get(X).shape().size(), added.bytes() + inputs.get(X).bytes());
    }

    @Override
    public Precision precision() {
        return Precision.KEEP;
    }
}
