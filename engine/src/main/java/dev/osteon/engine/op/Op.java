package dev.osteon.engine.op;

import dev.osteon.engine.autograd.Backward;
import dev.osteon.engine.tensor.TensorSpec;
import java.util.List;
import java.util.Locale;

/**
 * What an operation means: its shapes, its gradient and its cost. How it is done is a backend's concern.
 * Each operation is one record; its components are the attributes, its operands are the tensors it is run with.
 */
public sealed interface Op
        permits AdaptiveAvgPool2d, AdaptiveAvgPool2dBackward, Affine, AffineCropResize, AffineCropResizeBackward,
                ArgMax, Attention, AvgPool2d, AvgPool2dBackward, BatchNormBackward, BatchNormEval, BatchNormTrain,
                Binary, Cast, Clamp, Compare, Concat, Conv2d, Conv2dBackwardWeights, ConvTranspose2d,
                ConvTranspose2dOnto, DiagonalMask, DrawViews, Expand, Gather, GatherBackward, L2Normalize,
                L2NormalizeBackward, LarcStep, LayerNorm, LayerNormBackward, LogSoftmax, LossScaleStep, MatMul,
                MaxPool2d, MaxPool2dBackward, MultiTensorSum, Pad, PairwiseCrossEntropy, PairwiseCrossEntropyBackward,
                Permute, Reduce, Reshape, Resize, ResizeBackward, RunningStatistics, Select, SelectBackward, SgdStep,
                Sinkhorn, Slice, SoftCrossEntropy, SoftCrossEntropyBackward, Softmax, ToLayout, Unary,
                UnscaleGradients, Where {

    /**
     * Specifications of the results; none for an operation that changes operands in place.
     *
     * @throws dev.osteon.engine.ShapeException for operands that do not fit
     */
    List<TensorSpec> infer(List<TensorSpec> inputs);

    /** Which operands and results {@link #vjp} reads. */
    default Saves saves() {
        return Saves.NOTHING;
    }

    /** Whether gradients flow through it. */
    default boolean differentiable() {
        return true;
    }

    /** Of an operation without results: whether it may change operand number {@code operand} in place. */
    default boolean changes(int operand) {
        return true;
    }

    /** The vector-Jacobian product: from upstream gradients of the results to gradients of the operands. */
    default void vjp(Backward b) {
        throw new UnsupportedOperationException(name() + " has no gradient");
    }

    /** What it must compute and move at least. */
    default Cost cost(List<TensorSpec> inputs, List<TensorSpec> outputs) {
        return Cost.perOutput(1, inputs, outputs);
    }

    default Precision precision() {
        return Precision.FOLLOW;
    }

    /** The name for people: {@code conv2d}, {@code batchnormtrain}. */
    default String name() {
        return getClass().getSimpleName().toLowerCase(Locale.ROOT);
    }
}
