package dev.osteon.engine.backend.onednn;

import dev.osteon.engine.op.Conv2d;
import dev.osteon.engine.op.Window;
import dev.osteon.engine.tensor.TensorSpec;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;

/**
 * A convolution's sizes, and which pixels of its input meet which of its results; where single pixels are its operands,
 * they are taken as the rows of one image.
 *
 * @param count    images
 * @param inHeight of the input, in pixels, as inWidth; and outHeight and outWidth of the results
 * @param in       channels of the input
 * @param out      channels of the results
 */
record PixelGeometry(int count, int inHeight, int inWidth, int in, int outHeight, int outWidth, int out, Window kernel,
        Window stride, Window padding, Window dilation) {

    private static final int LONGEST = 64;

    static PixelGeometry of(Conv2d op, TensorSpec x, TensorSpec dw, TensorSpec dy) {
        Window kernel = new Window(dw.dim(2), dw.dim(3));
        boolean pointwise = kernel.equals(Window.ONE) && op.stride().equals(Window.ONE)
                && op.padding().equals(Window.ZERO);
        long pixels = (long) dy.dim(0) * dy.dim(2) * dy.dim(3);
        if (pointwise && pixels % 2 == 0) {
            int width = IntStream.rangeClosed(2, LONGEST).filter(w -> w % 2 == 0 && pixels % w == 0).max()
                    .orElseThrow();
            int height = Math.toIntExact(pixels / width);
            return new PixelGeometry(1, height, width, x.dim(1), height, width, dy.dim(1), kernel, op.stride(),
                    op.padding(), op.dilation());
        }
        return new PixelGeometry(x.dim(0), x.dim(2), x.dim(3), x.dim(1), dy.dim(2), dy.dim(3), dy.dim(1), kernel,
                op.stride(), op.padding(), op.dilation());
    }

    int taps() {
        return kernel.height() * kernel.width();
    }

    /** Pairs of a row of results. */
    int pairs() {
        return results().pairs();
    }

    /** Pairs of all rows. */
    long allPairs() {
        return (long) count * outHeight * pairs();
    }

    Columns results() {
        return new Columns(0, 1, outWidth, outWidth);
    }

    /** The pixels that a column of the kernel meets. */
    Columns inputs(int column) {
        return new Columns(column * dilation.width() - padding.width(), stride.width(), outWidth, inWidth);
    }

    /** Where the kernel's rows meet result rows {@code from} to {@code end} − 1. */
    List<Band> bands(int from, int end) {
        InputRows inputs = InputRows.of(this, from, end);
        int step = stride.height();
        List<Band> bands = new ArrayList<>();
        for (int k = 0; k < kernel.height(); k++) {
            int offset = offset(k);
            int first = Math.max(from, Math.ceilDiv(-offset, step));
            int last = Math.min(end - 1, Math.floorDiv(inHeight - 1 - offset, step));
            if (first <= last) {
                bands.add(new Band(k, last - first + 1, first - from, inputs.at(first * step + offset)));
            }
        }
        return bands;
    }

    /** The row of the input that a row of the kernel meets at the first row of results. */
    private int offset(int kernelRow) {
        return kernelRow * dilation.height() - padding.height();
    }

    /**
     * Which pixels of a row are taken: {@code first}, {@code first + step} …, {@code count} of them, with zeros for
     * those that are not among the row's {@code width}.
     */
    record Columns(int first, int step, int count, int width) {

        /** Pairs that they make; a last one may have no second pixel. */
        int pairs() {
            return (count + 1) / 2;
        }

        boolean has(int index) {
            int column = first + index * step;
            return index < count && column >= 0 && column < width;
        }

        boolean hasBoth(int pair) {
            return has(2 * pair) && has(2 * pair + 1);
        }
    }

    /**
     * What a row of the kernel meets: {@code rows} rows of results from a chunk's row {@code result} on with as many
     * rows of the input from its row {@code input} on.
     */
    record Band(int kernelRow, int rows, int result, int input) {}

    /**
     * Input rows of a chunk, in an order in which those that one row of the kernel meets follow each other: with a
     * stride of 2, the even ones and then the odd ones.
     */
    static final class InputRows {
        private final int step;
        private final int[] rows;
        private final int lowest;
        /** Of each remainder of the stride the first row, and where it lies. */
        private final int[] first;
        private final int[] start;

        private InputRows(PixelGeometry geometry, int low, int high) {
            step = geometry.stride.height();
            first = new int[step];
            start = new int[step];
            int[] used = IntStream.range(0, geometry.kernel.height())
                    .map(k -> Math.floorMod(geometry.offset(k), step)).distinct().toArray();
            List<Integer> all = new ArrayList<>();
            for (int remainder : used) {
                first[remainder] = low + Math.floorMod(remainder - low, step);
                start[remainder] = all.size();
                for (int row = first[remainder]; row <= high; row += step) {
                    all.add(row);
                }
            }
            rows = all.stream().mapToInt(Integer::intValue).toArray();
            lowest = Arrays.stream(rows).min().orElse(low);
        }

        /** Of result rows {@code from} to {@code end} − 1. */
        static InputRows of(PixelGeometry geometry, int from, int end) {
            int step = geometry.stride.height();
            int last = (end - 1) * step + geometry.offset(geometry.kernel.height() - 1);
            return new InputRows(geometry, Math.max(0, from * step + geometry.offset(0)),
                    Math.min(geometry.inHeight - 1, last));
        }

        int total() {
            return rows.length;
        }

        int row(int index) {
            return rows[index];
        }

        /** The first row of all, if there is any. */
        int lowest() {
            return lowest;
        }

        /** Where a row lies. */
        int at(int row) {
            int remainder = row % step;
            return start[remainder] + (row - first[remainder]) / step;
        }
    }
}
