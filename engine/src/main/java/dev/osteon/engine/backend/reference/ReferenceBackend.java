package dev.osteon.engine.backend.reference;

import dev.osteon.engine.backend.LowPrecision;
import dev.osteon.engine.backend.Backend;
import dev.osteon.engine.backend.HostBackend;
import dev.osteon.engine.backend.Kernel;
import dev.osteon.engine.backend.KernelTable;
import dev.osteon.engine.backend.KernelTable.Layouts;
import dev.osteon.engine.memory.MemorySource;
import dev.osteon.engine.op.AdaptiveAvgPool2d;
import dev.osteon.engine.op.AdaptiveAvgPool2dBackward;
import dev.osteon.engine.op.Affine;
import dev.osteon.engine.op.AffineCropResize;
import dev.osteon.engine.op.AffineCropResizeBackward;
import dev.osteon.engine.op.ArgMax;
import dev.osteon.engine.op.Attention;
import dev.osteon.engine.op.AvgPool2d;
import dev.osteon.engine.op.AvgPool2dBackward;
import dev.osteon.engine.op.BatchNormBackward;
import dev.osteon.engine.op.BatchNormEval;
import dev.osteon.engine.op.BatchNormTrain;
import dev.osteon.engine.op.Binary;
import dev.osteon.engine.op.Cast;
import dev.osteon.engine.op.Clamp;
import dev.osteon.engine.op.Compare;
import dev.osteon.engine.op.Concat;
import dev.osteon.engine.op.Conv2d;
import dev.osteon.engine.op.Conv2dBackwardWeights;
import dev.osteon.engine.op.ConvTranspose2d;
import dev.osteon.engine.op.ConvTranspose2dOnto;
import dev.osteon.engine.op.DiagonalMask;
import dev.osteon.engine.op.DrawViews;
import dev.osteon.engine.op.Expand;
import dev.osteon.engine.op.Gather;
import dev.osteon.engine.op.GatherBackward;
import dev.osteon.engine.op.L2Normalize;
import dev.osteon.engine.op.L2NormalizeBackward;
import dev.osteon.engine.op.LarcStep;
import dev.osteon.engine.op.LayerNorm;
import dev.osteon.engine.op.LayerNormBackward;
import dev.osteon.engine.op.LogSoftmax;
import dev.osteon.engine.op.LossScaleStep;
import dev.osteon.engine.op.MatMul;
import dev.osteon.engine.op.MaxPool2d;
import dev.osteon.engine.op.MaxPool2dBackward;
import dev.osteon.engine.op.MultiTensorSum;
import dev.osteon.engine.op.Op;
import dev.osteon.engine.op.Pad;
import dev.osteon.engine.op.PairwiseCrossEntropy;
import dev.osteon.engine.op.PairwiseCrossEntropyBackward;
import dev.osteon.engine.op.Permute;
import dev.osteon.engine.op.Reduce;
import dev.osteon.engine.op.Resize;
import dev.osteon.engine.op.ResizeBackward;
import dev.osteon.engine.op.RunningStatistics;
import dev.osteon.engine.op.Select;
import dev.osteon.engine.op.SelectBackward;
import dev.osteon.engine.op.SgdStep;
import dev.osteon.engine.op.Sinkhorn;
import dev.osteon.engine.op.Slice;
import dev.osteon.engine.op.SoftCrossEntropy;
import dev.osteon.engine.op.SoftCrossEntropyBackward;
import dev.osteon.engine.op.Softmax;
import dev.osteon.engine.op.ToLayout;
import dev.osteon.engine.op.Unary;
import dev.osteon.engine.op.UnscaleGradients;
import dev.osteon.engine.op.Where;
import dev.osteon.engine.tensor.DType;
import dev.osteon.engine.tensor.Device;
import java.util.EnumSet;
import java.util.Set;

/** Plain loops on the host, computing in float64 whatever the operands: the executable specification of every op. */
public final class ReferenceBackend {

    private static final Set<DType> FLOATING = EnumSet.of(DType.F64, DType.F32, DType.BF16, DType.F16);

    private final KernelTable table = new KernelTable("reference");

    private ReferenceBackend() {}

    public static Backend create() {
        return HostBackend.of(Device.REFERENCE, "plain loops, one thread", kernels(), MemorySource.host(),
                LowPrecision.none("its loops multiply no type faster"));
    }

    /** Plain loops for every operation; other host backends take them where they have nothing faster. */
    public static KernelTable kernels() {
        return new ReferenceBackend().fill();
    }

    /** Every operation but Reshape, which is a view in the dispatcher. */
    private KernelTable fill() {
        put(Unary.class, PointwiseKernels::unary);
        put(Binary.class, PointwiseKernels::binary);
        put(Affine.class, PointwiseKernels::affine);
        put(Clamp.class, PointwiseKernels::clamp);
        put(Compare.class, PointwiseKernels::compare);
        put(Where.class, PointwiseKernels::where);
        put(Cast.class, PointwiseKernels::cast);
        put(MultiTensorSum.class, PointwiseKernels::multiTensorSum);
        put(ToLayout.class, ShapeKernels::toLayout);
        put(Permute.class, ShapeKernels::permute);
        put(Expand.class, ShapeKernels::expand);
        put(Slice.class, ShapeKernels::slice);
        put(Pad.class, ShapeKernels::pad);
        put(Concat.class, ShapeKernels::concat);
        put(DiagonalMask.class, ShapeKernels::diagonalMask);
        put(Gather.class, IndexingKernels::gather);
        put(GatherBackward.class, IndexingKernels::gatherBackward);
        put(Select.class, IndexingKernels::select);
        put(SelectBackward.class, IndexingKernels::selectBackward);
        put(Reduce.class, ReductionKernels::reduce);
        put(ArgMax.class, ReductionKernels::argMax);
        put(Softmax.class, ReductionKernels::softmax);
        put(LogSoftmax.class, ReductionKernels::logSoftmax);
        put(PairwiseCrossEntropy.class, PairwiseKernels::crossEntropy);
        put(PairwiseCrossEntropyBackward.class, PairwiseKernels::crossEntropyBackward);
        put(Sinkhorn.class, TransportKernels::sinkhorn);
        put(SoftCrossEntropy.class, CrossEntropyKernels::soft);
        put(SoftCrossEntropyBackward.class, CrossEntropyKernels::softBackward);
        put(Attention.class, AttentionKernel::attention);
        put(MatMul.class, MatMulKernel::matMul);
        put(Conv2d.class, ConvolutionKernels::conv2d);
        put(Conv2dBackwardWeights.class, ConvolutionKernels::backwardWeights);
        put(ConvTranspose2d.class, ConvolutionKernels::convTranspose2d);
        put(ConvTranspose2dOnto.class, ConvolutionKernels::convTranspose2dOnto);
        put(BatchNormTrain.class, NormalizationKernels::batchNormTrain);
        put(BatchNormEval.class, NormalizationKernels::batchNormEval);
        put(BatchNormBackward.class, NormalizationKernels::batchNormBackward);
        put(RunningStatistics.class, NormalizationKernels::runningStatistics);
        put(LayerNorm.class, NormalizationKernels::layerNorm);
        put(LayerNormBackward.class, NormalizationKernels::layerNormBackward);
        put(L2Normalize.class, NormalizationKernels::l2Normalize);
        put(L2NormalizeBackward.class, NormalizationKernels::l2NormalizeBackward);
        put(MaxPool2d.class, PoolingKernels::maxPool2d);
        put(MaxPool2dBackward.class, PoolingKernels::maxPool2dBackward);
        put(AvgPool2d.class, PoolingKernels::avgPool2d);
        put(AvgPool2dBackward.class, PoolingKernels::avgPool2dBackward);
        put(AdaptiveAvgPool2d.class, PoolingKernels::adaptiveAvgPool2d);
        put(AdaptiveAvgPool2dBackward.class, PoolingKernels::adaptiveAvgPool2dBackward);
        put(Resize.class, ResizeKernels::resize);
        put(ResizeBackward.class, ResizeKernels::resizeBackward);
        put(DrawViews.class, AffineCropKernels::draw);
        put(AffineCropResize.class, AffineCropKernels::crop);
        put(AffineCropResizeBackward.class, AffineCropKernels::backward);
        put(SgdStep.class, OptimizerKernels::sgd);
        put(LarcStep.class, OptimizerKernels::larc);
        put(UnscaleGradients.class, OptimizerKernels::unscale);
        put(LossScaleStep.class, OptimizerKernels::lossScale);
        return table;
    }

    private <O extends Op> void put(Class<O> op, Kernel<O> kernel) {
        table.put(op, Layouts.ANY, FLOATING, kernel);
    }
}
