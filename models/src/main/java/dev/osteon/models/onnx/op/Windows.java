package dev.osteon.models.onnx.op;

import dev.osteon.engine.op.Ops;
import dev.osteon.engine.tensor.Tensor;
import java.util.function.BinaryOperator;

/**
 * What lies under a window that moves along one axis, combined.
 *
 * @param output   how often the window stops
 * @param stride   places from stop to stop
 * @param kernel   elements under it
 * @param dilation places from one of them to the next
 */
record Windows(int axis, int output, int stride, int kernel, int dilation) {

    /** A file's number of a few bytes may ask for any kernel; from here on steps double. */
    private static final int ONE_BY_ONE = 8;
    /** More combinations than this are taken for a mistake or an attack: some ten seconds. */
    private static final long MOST_COMBINATIONS = 1L << 32;

    /**
     * @param x       as long as the windows reach
     * @param combine associative: a maximum, a sum
     */
    Tensor combined(Call c, Tensor x, BinaryOperator<Tensor> combine) {
        long steps = kernel <= ONE_BY_ONE ? kernel : 2L * (Integer.SIZE - Integer.numberOfLeadingZeros(kernel));
        if (x.size() > MOST_COMBINATIONS / steps) {
            throw c.problem("windows of " + kernel + " over " + x.shape(), "at most " + MOST_COMBINATIONS
                    + " combinations");
        }
        return kernel <= ONE_BY_ONE ? oneByOne(x, combine) : doubling(x, combine);
    }

    private Tensor oneByOne(Tensor x, BinaryOperator<Tensor> combine) {
        Tensor result = stops(x, 0);
        for (int k = 1; k < kernel; k++) {
            result = both(result, stops(x, k), combine);
        }
        return result;
    }

    /** The windows of 1, 2, 4, … elements, of which those that the kernel's binary digits name stand side by side. */
    private Tensor doubling(Tensor x, BinaryOperator<Tensor> combine) {
        Tensor block = x;
        Tensor result = null;
        int done = 0;
        for (int width = 1; done < kernel; width *= 2) {
            if ((kernel & width) != 0) {
                Tensor part = stops(block, done);
                result = result == null ? part : both(result, part, combine);
                done += width;
            }
            if (done < kernel) {
                int shift = width * dilation;
                int rest = block.dim(axis) - shift;
                Tensor wider = both(Ops.slice(block, axis, 0, rest), Ops.slice(block, axis, shift, rest), combine);
                if (block != x) {
                    block.close();
                }
                block = wider;
            }
        }
        if (block != x) {
            block.close();
        }
        return result;
    }

    /** Lets go of both: what a gradient needs of them the tape holds. */
    private static Tensor both(Tensor a, Tensor b, BinaryOperator<Tensor> combine) {
        Tensor result = combine.apply(a, b);
        a.close();
        b.close();
        return result;
    }

    /** Element {@code k} under each stop. */
    private Tensor stops(Tensor x, int k) {
        return Ops.slice(x, axis, k * dilation, output, stride);
    }
}
