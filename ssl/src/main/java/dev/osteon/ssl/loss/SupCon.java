package dev.osteon.ssl.loss;

import static dev.osteon.engine.op.Ops.affine;
import static dev.osteon.engine.op.Ops.clamp;
import static dev.osteon.engine.op.Ops.concat;
import static dev.osteon.engine.op.Ops.full;
import static dev.osteon.engine.op.Ops.l2Normalize;
import static dev.osteon.engine.op.Ops.mean;
import static dev.osteon.engine.op.Ops.pairwiseCrossEntropy;
import static dev.osteon.engine.op.Ops.select;
import static dev.osteon.engine.op.Ops.slice;
import static dev.osteon.engine.op.Ops.sumByGroup;

import dev.osteon.engine.EngineException;
import dev.osteon.engine.ShapeException;
import dev.osteon.engine.tensor.DType;
import dev.osteon.engine.tensor.Device;
import dev.osteon.engine.tensor.Shape;
import dev.osteon.engine.tensor.Tensor;
import java.util.Arrays;
import java.util.Collections;
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
     * @return the loss, one element; waits for the device, which has the labels
     */
    public Tensor loss(List<Tensor> views, Tensor labels) {
        check(views, labels);
        return loss(views, Classes.of(labels));
    }

    /**
     * The same for labels from 0 to {@code classes} − 1, as training has them; waits for nothing.
     *
     * @param views  embeddings [B, d] of each view, one or more
     * @param labels class numbers [B], integers
     */
    public Tensor loss(List<Tensor> views, Tensor labels, int classes) {
        check(views, labels);
        return loss(views, new Classes(labels, classes));
    }

    private Tensor loss(List<Tensor> views, Classes classes) {
        Tensor z = l2Normalize(Embeddings.full(concat(0, views)));                              // [V·B, d], view-major
        Positives p = Positives.of(classes, views.size(), z);
        Tensor perAnchor = pairwiseCrossEntropy(z, p.means(z), 1 / temperature).mul(p.any);      // [V·B]
        Tensor chosen = anchors == Anchors.ALL ? perAnchor : slice(perAnchor, 0, 0, views.getFirst().dim(0));
        return mean(chosen).mul(temperature / baseTemperature);
    }

    /**
     * The classes of a batch's samples.
     *
     * @param numbers of each sample's class [B], from 0 to {@code count} − 1
     */
    private record Classes(Tensor numbers, int count) {

        /** Any integers; waits for the device to number them. */
        static Classes of(Tensor labels) {
            double[] given = labels.toDoubles();
            double[] distinct = DoubleStream.of(given).distinct().sorted().toArray();
            int[] numbers = DoubleStream.of(given).mapToInt(label -> Arrays.binarySearch(distinct, label)).toArray();
            return new Classes(Tensor.of(labels.device(), labels.shape(), numbers), distinct.length);
        }

        /** How many samples are of each sample's class, with itself [B, 1]. */
        Tensor sizes(DType dtype) {
            Tensor ones = full(numbers.device(), Shape.of(numbers.dim(0), 1), dtype, 1);
            return select(sumByGroup(ones, numbers, count), numbers, 0);
        }
    }

    /**
     * The positives of each anchor.
     *
     * @param group the anchor's class [V·B], a number below {@code groups}
     * @param count |P(i)|, or 1 where there are none [V·B, 1]
     * @param any   1 [V·B], 0 without positives
     */
    private record Positives(Tensor group, int groups, Tensor count, Tensor any) {

        static Positives of(Classes classes, int views, Tensor z) {
            Tensor group = concat(0, Collections.nCopies(views, classes.numbers));
            Tensor sizes = concat(0, Collections.nCopies(views, classes.sizes(z.dtype())));
            Tensor count = affine(sizes, views, -1);                                              // |P(i)|
            return new Positives(group, classes.count, clamp(count, 1, Double.POSITIVE_INFINITY),
                    clamp(count, 0, 1).reshape(z.dim(0)));
        }

        /** 1/|P(i)| Σ_p z_p for each anchor [V·B, d]: the sum over its class, without itself. */
        Tensor means(Tensor z) {
            return select(sumByGroup(z, group, groups), group, 0).sub(z).div(count).mul(any.reshape(any.dim(0), 1));
        }
    }

    /** The loss between two views, as multi-crop takes it: positives are the same-class rows of these two alone. */
    public PairLoss between(Tensor labels) {
        return between(labels, Classes.of(labels));
    }

    private PairLoss between(Tensor labels, Classes classes) {
        return (zi, zj) -> {
            check(List.of(zi, zj), labels);
            return loss(List.of(zi, zj), classes);
        };
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

    /**
     * The method over multi-crop views, with the labels of the batch. It waits for nothing.
     *
     * @param classes labels are integers from 0 to this − 1
     */
    public SslMethod overMultiCrop(int classes, MultiCropLoss.Reduction reduction) {
        return batch -> {
            Tensor labels = batch.labelsFor("supcon");
            return new MultiCropLoss(between(labels, new Classes(labels, classes)), reduction).loss(batch.views());
        };
    }
}
