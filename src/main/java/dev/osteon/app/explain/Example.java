package dev.osteon.app.explain;

import dev.osteon.app.UserError;
import dev.osteon.engine.random.Philox;
import dev.osteon.engine.tensor.DType;
import dev.osteon.engine.tensor.Device;
import dev.osteon.engine.tensor.Shape;
import dev.osteon.engine.tensor.Tensor;
import java.util.List;
import java.util.stream.IntStream;

/**
 * A batch to look at: two views of each sample, so alike that the views of a sample are nearer to each other than to
 * most others, in float64 on the reference backend.
 *
 * @param batch samples N
 * @param dim   size d of an embedding
 * @param seed  of the random values
 */
public record Example(int batch, int dim, long seed) {

    private static final int MOST = 64;
    private static final int CLASSES = 2;
    private static final double UNLIKENESS = 0.7;

    public Example {
        check("--batch", batch, "so that there is another sample to compare with");
        check("--dim", dim, "so that embeddings have a direction");
    }

    private static void check(String option, int value, String why) {
        if (value < 2 || value > MOST) {
            throw new UserError(option + ": given " + value + "; expected a whole number from 2, " + why + ", to "
                    + MOST + ", beyond which nobody can read the page");
        }
    }

    /** Embeddings A and B [N, d]: A normal with deviation 1, B = A + 0.7 · normal. */
    List<Tensor> views() {
        double[] a = normal("A");
        double[] noise = normal("B");
        double[] b = IntStream.range(0, a.length).mapToDouble(i -> a[i] + UNLIKENESS * noise[i]).toArray();
        Shape shape = Shape.of(batch, dim);
        return List.of(Tensor.of(Device.REFERENCE, shape, DType.F64, a),
                Tensor.of(Device.REFERENCE, shape, DType.F64, b));
    }

    /** Two classes in turn [N]. */
    Tensor labels() {
        return Tensor.of(Device.REFERENCE, Shape.of(batch), IntStream.range(0, batch).map(n -> n % CLASSES).toArray());
    }

    private double[] normal(String view) {
        Philox random = Philox.of(seed).fork("explain").fork(view);
        return IntStream.range(0, batch * dim).mapToDouble(i -> random.nextGaussian()).toArray();
    }
}
