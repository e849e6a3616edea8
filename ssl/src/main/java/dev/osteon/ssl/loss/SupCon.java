package dev.osteon.ssl.loss;

import static dev.osteon.engine.op.Ops.concat;
import static dev.osteon.engine.op.Ops.l2Normalize;
import static dev.osteon.engine.op.Ops.mean;
import static dev.osteon.engine.op.Ops.pairwiseCrossEntropy;
import static dev.osteon.engine.op.Ops.select;
import static dev.osteon.engine.op.Ops.slice;
import static dev.osteon.engine.op.Ops.sumByGroup;
import static dev.osteon.ssl.loss.Embeddings.full;

import dev.osteon.engine.EngineException;
import dev.osteon.engine.ShapeException;
import dev.osteon.engine.tensor.Device;
import dev.osteon.engine.tensor.Shape;
import dev.osteon.engine.tensor.Tensor;
import java.util.Arrays;
import java.util.List;
import java.util.stream.DoubleStream;
import java.util.stream.IntStream;

/**
 * Supervised contrastive loss (Khosla et al. 2020, "Supervised Contrastive Learning", eq. 2, L_out): an anchor's
 * positives P(i) are all other rows of its class, its contrasts A(i) all other rows,
 * L = −(t / t_base) · mean_i 1/|P(i)| Σ_{p ∈ P(i)} log( exp(z_i·z_p / t) / Σ_{a ∈ A(i)} exp(z_i·z_a / t) ).
 * An anchor without positives, which a single view can have, contributes 0 and still counts in the mean.
 *
 * @param temperature     t, above 0; 0.1 in the paper, 0.07 by default in the authors' code
 * @param baseTemperature t_base, above 0; 0.07 in the authors' code, t for the paper's equation
 * @param anchors         which rows are anchors
 */
public record SupCon(double temperature, double baseTemperature, Anchors anchors) {

    /** The authors' contrast_mode: all rows are anchors, or those of the first view alone; all rows are contrasts. */
    public enum Anchors { ALL, ONE }

    public SupCon {
        if (!(temperature > 0) || !(baseTemperature > 0)) {
            throw new EngineException("supcon: given temperature " + temperature + " and base temperature "
                    + baseTemperature + "; expected numbers above 0");
        }
    }

    /**
     * @param views  embeddings [B, d] of each view, one or more
     * @param labels class numbers [B], integers
     * @return the loss, one element
     */
    public Tensor loss(List<Tensor> views, Tensor labels) {
        check(views, labels);
        Tensor z = l2Normalize(full(concat(0, views)));                              // [V·B, d], view-major
        Positives p = Positives.of(labels, views.size(), z);
        Tensor perAnchor = pairwiseCrossEntropy(z, p.means(z), 1 / temperature).mul(p.any);      // [V·B]
        Tensor chosen = anchors == Anchors.ALL ? perAnchor : slice(perAnchor, 0, 0, labels.dim(0));
        return mean(chosen).mul(temperature / baseTemperature);
    }

    /**
     * The rows of an anchor's class, as many numbers as there are anchors.
     *
     * @param classes its class, numbered from 0 without gaps
     * @param count   of classes
     * @param share   1/|P(i)| [n, 1], 0 without positives
     * @param any     1 [n], 0 without positives
     */
    private record Positives(Tensor classes, int count, Tensor share, Tensor any) {

        static Positives of(Tensor labels, int views, Tensor z) {
            double[] given = labels.toDoubles();
            double[] distinct = DoubleStream.of(given).distinct().sorted().toArray();
            int[] classes = IntStream.range(0, views * given.length)
                    .map(i -> Arrays.binarySearch(distinct, given[i % given.length])).toArray();
            int[] rows = new int[distinct.length];
            IntStream.of(classes).forEach(c -> rows[c]++);
            Shape anchors = Shape.of(classes.length);
            return new Positives(Tensor.of(z.device(), anchors, classes), rows.length,
                    Tensor.of(z.device(), Shape.of(classes.length, 1), z.dtype(),
                            IntStream.of(classes).mapToDouble(c -> rows[c] == 1 ? 0 : 1.0 / (rows[c] - 1)).toArray()),
                    Tensor.of(z.device(), anchors, z.dtype(),
                            IntStream.of(classes).mapToDouble(c -> rows[c] == 1 ? 0 : 1).toArray()));
        }

        /** 1/|P(i)| Σ_p z_p for each anchor [n, d]: the sum over its class, without itself. */
        Tensor means(Tensor z) {
            return select(sumByGroup(z, classes, count), classes, 0).sub(z).mul(share);
        }
    }

    /** The loss between two views, as multi-crop takes it: positives are the same-class rows of these two alone. */
    public PairLoss between(Tensor labels) {
        return (zi, zj) -> loss(List.of(zi, zj), labels);
    }

    /** Labels for want of any: each sample its own class, so that its positives are its other views, as in SimCLR. */
    public static Tensor everySampleItsOwnClass(Device device, int samples) {
        return Tensor.of(device, Shape.of(samples), IntStream.range(0, samples).toArray());
    }

    private static void check(List<Tensor> views, Tensor labels) {
        boolean equal = views.stream().map(Tensor::shape).distinct().count() == 1;
        if (!equal || views.getFirst().rank() != 2 || labels.rank() != 1 || labels.dim(0) != views.getFirst().dim(0)
                || views.size() * labels.dim(0) < 2) {
            throw new ShapeException("supcon", "views " + views.stream().map(Tensor::shape).toList() + " and labels "
                    + labels.spec(), "equal views [B, d] of 2 rows or more together, and labels [B]");
        }
    }

    /** The method over multi-crop views, with the labels of the batch. */
    public SslMethod overMultiCrop(MultiCropLoss.Reduction reduction) {
        return batch -> new MultiCropLoss(between(batch.labelsFor("supcon")), reduction).loss(batch.views());
    }
}
