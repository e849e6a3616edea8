package dev.osteon.nn;

import dev.osteon.engine.dispatch.Dispatcher;
import dev.osteon.engine.dispatch.Span;
import dev.osteon.engine.memory.TensorScope;
import dev.osteon.engine.op.Activation;
import dev.osteon.engine.op.BatchNormEval;
import dev.osteon.engine.op.BatchNormTrain;
import dev.osteon.engine.op.RunningStatistics;
import dev.osteon.engine.tensor.Shape;
import dev.osteon.engine.tensor.Tensor;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.SequencedMap;

/**
 * Batch normalisation of [N, C, ...] (Ioffe and Szegedy 2015), with a residual addition and a ReLU in the same
 * operation where wanted. In training running = (1 − momentum)·running + momentum·batch, the variance with divisor
 * n − 1 there and n in the normalisation, as PyTorch does; gamma starts at 1, beta at 0.
 */
public final class BatchNorm implements Module {

    /** PyTorch's defaults. */
    public static final double EPS = 1e-5;
    public static final double MOMENTUM = 0.1;

    private final String path;
    private final double eps;
    private final double momentum;
    private final Activation activation;
    private final Parameter weight;
    private final Parameter bias;
    private final Parameter runningMean;
    private final Parameter runningVariance;
    private Mode mode = Mode.TRAIN;

    public BatchNorm(Initializer init, int channels, Activation activation) {
        this(init, channels, activation, EPS, MOMENTUM);
    }

    /** @param momentum the weight of the batch in the running statistics, 0 to 1 */
    public BatchNorm(Initializer init, int channels, Activation activation, double eps, double momentum) {
        path = init.path();
        this.eps = eps;
        this.momentum = momentum;
        this.activation = activation;
        Shape perChannel = Shape.of(channels);
        weight = init.constant("weight", perChannel, 1);
        bias = init.constant("bias", perChannel, 0);
        runningMean = init.constant("running_mean", perChannel, 0);
        runningVariance = init.constant("running_var", perChannel, 1);
    }

    /** act(norm(x)). */
    @Override
    public Tensor forward(Tensor x) {
        return named(x, List.of());
    }

    /** act(norm(x) + residual), residual of x's shape. */
    public Tensor forward(Tensor x, Tensor residual) {
        return named(x, List.of(residual));
    }

    private Tensor named(Tensor x, List<Tensor> residual) {
        try (Span span = Span.open(Span.Kind.MODULE, path)) {
            return normalise(List.of(x), residual);
        }
    }

    private Tensor normalise(List<Tensor> x, List<Tensor> residual) {
        List<Tensor> operands = new ArrayList<>(x);
        operands.add(weight.tensor());
        operands.add(bias.tensor());
        if (mode == Mode.EVAL) {
            operands.add(runningMean.tensor());
            operands.add(runningVariance.tensor());
            operands.addAll(residual);
            return Dispatcher.runAll(new BatchNormEval(eps, activation), operands).getFirst();
        }
        operands.addAll(residual);
        try (TensorScope scope = TensorScope.open()) {
            List<Tensor> results = Dispatcher.runAll(new BatchNormTrain(eps, activation), operands);
            if (mode == Mode.TRAIN) {
                long count = x.getFirst().size() / x.getFirst().dim(1);
                Dispatcher.runAll(new RunningStatistics(momentum, count), List.of(runningMean.tensor(),
                        runningVariance.tensor(), results.get(1), results.get(2)));
            }
            return scope.keep(results.getFirst());
        }
    }

    @Override
    public void mode(Mode newMode) {
        mode = newMode;
    }

    @Override
    public SequencedMap<String, Parameter> ownParameters() {
        SequencedMap<String, Parameter> own = new LinkedHashMap<>();
        own.put("weight", weight);
        own.put("bias", bias);
        return own;
    }

    @Override
    public SequencedMap<String, Parameter> ownBuffers() {
        SequencedMap<String, Parameter> own = new LinkedHashMap<>();
        own.put("running_mean", runningMean);
        own.put("running_var", runningVariance);
        return own;
    }
}
