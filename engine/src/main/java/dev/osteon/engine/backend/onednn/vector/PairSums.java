package dev.osteon.engine.backend.onednn.vector;

import dev.osteon.engine.backend.onednn.machine.PairProducts;
import dev.osteon.engine.tensor.Layout;
import dev.osteon.engine.tensor.Tensor;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.stream.IntStream;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.ShortVector;

/**
 * Sums that {@link PairProducts} makes of pairs of pixels: for each slice of the pixels, each place of the kernel and
 * each 32 channels in and out a square [32, 32] of float32. It has a row for each channel out and a column for each
 * channel in, those with even numbers first.
 *
 * @param memory slices · {@link #bytes}
 * @param slices slices of the pixels
 * @param taps   places of the kernel
 * @param in     blocks of 32 channels in
 * @param out    blocks of 32 channels out
 */
public record PairSums(MemorySegment memory, int slices, int taps, int in, int out) {

    private static final int CHANNELS = PairProducts.PAIRS;

    /** Whether this machine's vectors are as long as half a row. */
    public static boolean fit() {
        return 2 * Lanes.COUNT == CHANNELS;
    }

    /** What one slice takes. */
    public static long bytes(int taps, int in, int out) {
        return (long) taps * in * out * PairProducts.SQUARE;
    }

    /** Where a square begins, in bytes. */
    public long square(int slice, int tap, int inBlock, int outBlock) {
        return ((((long) slice * taps + tap) * in + inBlock) * out + outBlock) * PairProducts.SQUARE;
    }

    /**
     * Weights, or the part of them that these sums are of: from {@code firstOut} and {@code firstIn} on, blocks of 32.
     */
    public record Weights(Tensor tensor, int firstOut, int firstIn) {

        private int in() {
            return tensor.dim(1);
        }
    }

    /**
     * Adds up the slices for channels out {@code from} to {@code end} − 1, of those that these sums are of.
     *
     * @param weights bfloat16 [out, in, kernel height, kernel width] in either layout, written
     */
    public void write(Weights weights, long from, long end) {
        Rows rows = taps > 1 && weights.tensor.layout() == Layout.ROW_MAJOR ? new TapsLast(weights)
                : new ChannelsLast(weights);
        for (int o = (int) from; o < end; o++) {
            for (int block = 0; block < in; block++) {
                rows.write(o, block);
            }
        }
    }

    private ShortVector rounded(int o, int block, int tap) {
        int row = o % CHANNELS / 2 + o % 2 * CHANNELS / 2;
        FloatVector even = FloatVector.zero(Lanes.F32);
        FloatVector odd = FloatVector.zero(Lanes.F32);
        for (int slice = 0; slice < slices; slice++) {
            long at = square(slice, tap, block, o / CHANNELS) + (long) row * PairProducts.LINE;
            even = even.add(FloatVector.fromMemorySegment(Lanes.F32, memory, at, Lanes.ORDER));
            odd = odd.add(FloatVector.fromMemorySegment(Lanes.F32, memory, at + PairProducts.LINE / 2, Lanes.ORDER));
        }
        return Bfloat16.rounded(even, odd);
    }

    /** A way to write a channel's weights of 32 channels in. */
    private interface Rows {
        void write(int o, int block);
    }

    /** [out, taps, in]. */
    private final class ChannelsLast implements Rows {
        private final Weights weights;
        private final MemorySegment to;

        ChannelsLast(Weights weights) {
            this.weights = weights;
            to = Lanes.global(weights.tensor.segment());
        }

        @Override
        public void write(int o, int block) {
            long row = (long) weights.firstOut * CHANNELS + o;
            for (int tap = 0; tap < taps; tap++) {
                long element = (row * taps + tap) * weights.in() + (long) (weights.firstIn + block) * CHANNELS;
                Bfloat16.store(rounded(o, block, tap), to, element * Short.BYTES);
            }
        }
    }

    /** [out, in, taps]. */
    private final class TapsLast implements Rows {
        private final Weights weights;
        private final MemorySegment to;
        private final short[] apart = new short[taps * CHANNELS];
        private final short[] together = new short[taps * CHANNELS];
        private final int[] from =
                IntStream.range(0, taps * CHANNELS).map(i -> i % taps * CHANNELS + i / taps).toArray();

        TapsLast(Weights weights) {
            this.weights = weights;
            to = Lanes.global(weights.tensor.segment());
        }

        @Override
        public void write(int o, int block) {
            for (int tap = 0; tap < taps; tap++) {
                rounded(o, block, tap).intoArray(apart, tap * CHANNELS);
            }
            for (int i = 0; i < together.length; i++) {
                together[i] = apart[from[i]];
            }
            long row = (long) weights.firstOut * CHANNELS + o;
            long element = (row * weights.in() + (long) (weights.firstIn + block) * CHANNELS) * taps;
            MemorySegment.copy(together, 0, to, ValueLayout.JAVA_SHORT_UNALIGNED, element * Short.BYTES,
                    together.length);
        }
    }
}
