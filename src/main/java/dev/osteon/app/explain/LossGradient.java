package dev.osteon.app.explain;

import dev.osteon.engine.autograd.GradCheck;
import dev.osteon.engine.autograd.Gradients;
import dev.osteon.engine.autograd.Tape;
import dev.osteon.engine.memory.TensorScope;
import dev.osteon.engine.tensor.Tensor;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;
import java.util.stream.DoubleStream;
import java.util.stream.IntStream;

/**
 * The gradient of a loss with respect to the embeddings of both views [2N, d], in row-major order.
 *
 * @param tape        of the class that trains, by the engine's autograd
 * @param differences central differences, with what is held back as it is
 * @param unheld      central differences of the whole loss, where something is held back: what would come out if the
 *                    gradient flowed through it, too
 */
record LossGradient(double[] tape, double[] differences, Optional<double[]> unheld) {

    static LossGradient of(Walk walk, List<Tensor> views) {
        return new LossGradient(tape(walk, views), differences(walk.differentiable(views), views),
                walk.heldBack().map(what -> differences(walk::loss, views)));
    }

    private static double[] tape(Walk walk, List<Tensor> views) {
        try (TensorScope scope = TensorScope.open(); Tape tape = Tape.watching(views);
                Gradients gradients = tape.gradients(walk.loss(views), views)) {
            return views.stream().flatMapToDouble(view -> DoubleStream.of(gradients.of(view).toDoubles())).toArray();
        }
    }

    private static double[] differences(Function<List<Tensor>, Tensor> loss, List<Tensor> views) {
        return IntStream.range(0, views.size()).boxed()
                .flatMapToDouble(view -> DoubleStream.of(GradCheck.differences(loss, views, view))).toArray();
    }

    /** Tape less differences, element by element. */
    double[] disagreement() {
        return less(differences);
    }

    /** The largest |tape − difference|. */
    double largestDisagreement() {
        return largest(disagreement());
    }

    /** The largest |tape − difference of the whole loss|, where something is held back. */
    Optional<Double> largestUnheld() {
        return unheld.map(whole -> largest(less(whole)));
    }

    private double[] less(double[] other) {
        return IntStream.range(0, tape.length).mapToDouble(i -> tape[i] - other[i]).toArray();
    }

    private static double largest(double[] values) {
        return DoubleStream.of(values).map(Math::abs).max().orElse(0);
    }
}
