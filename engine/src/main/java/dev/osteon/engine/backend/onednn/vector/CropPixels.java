package dev.osteon.engine.backend.onednn.vector;

import static java.lang.foreign.ValueLayout.JAVA_FLOAT_UNALIGNED;
import static java.lang.foreign.ValueLayout.JAVA_INT_UNALIGNED;
import static java.lang.foreign.ValueLayout.JAVA_SHORT_UNALIGNED;

import dev.osteon.engine.tensor.DType;
import dev.osteon.engine.tensor.Tensor;
import java.lang.foreign.MemorySegment;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.ShortVector;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorShape;
import jdk.incubator.vector.VectorSpecies;

/** The images that {@link CropKernels} reads; one thread's, as it may have working memory. */
sealed interface CropPixels {

    /** The weighted sum of the pixels that the taps name, of the plane that begins at element {@code plane}. */
    float sum(long plane, CropTaps taps);

    /** Float32 or u16. */
    static CropPixels of(Tensor images) {
        long[] strides = images.shape().strides(images.layout());
        MemorySegment data = Lanes.global(images.segment());
        return images.dtype() == DType.U16 ? new Levels(data, images.size(), strides[2], strides[3])
                : new Floats(data, strides[2], strides[3]);
    }

    /** Float32. */
    record Floats(MemorySegment data, long rowStep, long columnStep) implements CropPixels {

        @Override
        public float sum(long plane, CropTaps taps) {
            long first = plane + taps.firstY * rowStep + taps.firstX * columnStep;
            if (taps.countX == 2 && taps.countY == 2) {
                return taps.weightsY[0] * line(first, taps) + taps.weightsY[1] * line(first + rowStep, taps);
            }
            float sum = 0;
            long step = columnStep * Float.BYTES;
            int across = taps.countX;
            float[] weights = taps.weightsX;
            for (int j = 0; j < taps.countY; j++) {
                long at = (first + j * rowStep) * Float.BYTES;
                float line = 0;
                for (int i = 0; i < across; i++, at += step) {
                    line += weights[i] * data.get(JAVA_FLOAT_UNALIGNED, at);
                }
                sum += taps.weightsY[j] * line;
            }
            return sum;
        }

        private float line(long at, CropTaps taps) {
            return taps.weightsX[0] * data.get(JAVA_FLOAT_UNALIGNED, at * Float.BYTES)
                    + taps.weightsX[1] * data.get(JAVA_FLOAT_UNALIGNED, (at + columnStep) * Float.BYTES);
        }
    }

    /**
     * 16-bit grey levels. Two by two pixels come in two loads; of more, rows are weighted and added up column by
     * column, zero-extended in vectors where so many columns are there, and the columns at the end: to the same bits
     * either way. What a vector holds behind the last tap is a number, too, and left out.
     */
    final class Levels implements CropPixels {

        private static final VectorSpecies<Integer> WORDS = Lanes.F32.withLanes(int.class);
        private static final VectorSpecies<Short> HALVES =
                VectorSpecies.of(short.class, VectorShape.forBitSize(WORDS.vectorBitSize() / 2));
        private static final int WHITE = 0xffff;

        private final MemorySegment data;
        private final long size;
        private final long rowStep;
        private final long columnStep;
        private final float[] columns = new float[Lanes.COUNT];

        /** @param size elements of all images */
        Levels(MemorySegment data, long size, long rowStep, long columnStep) {
            this.data = data;
            this.size = size;
            this.rowStep = rowStep;
            this.columnStep = columnStep;
        }

        @Override
        public float sum(long plane, CropTaps taps) {
            long first = plane + taps.firstY * rowStep + taps.firstX * columnStep;
            if (columnStep == 1 && taps.countX == 2 && taps.countY == 2) {
                return taps.weightsY[0] * pair(first, taps) + taps.weightsY[1] * pair(first + rowStep, taps);
            }
            float sum = 0;
            for (int i = 0; i < taps.countX; i += Lanes.COUNT) {
                int count = Math.min(Lanes.COUNT, taps.countX - i);
                long at = first + i * columnStep;
                if (columnStep == 1 && count > 2 && at + (taps.countY - 1) * rowStep + Lanes.COUNT <= size) {
                    addRows(at, taps);
                } else {
                    addRows(at, taps, count);
                }
                for (int k = 0; k < count; k++) {
                    sum += taps.weightsX[i + k] * columns[k];
                }
            }
            return sum;
        }

        private float pair(long at, CropTaps taps) {
            int two = data.get(JAVA_INT_UNALIGNED, at * Short.BYTES);     // little-endian: the first is the lower half
            return taps.weightsX[0] * (two & WHITE) + taps.weightsX[1] * (two >>> Short.SIZE);
        }

        /** The weighted sums of a vector of columns. */
        private void addRows(long first, CropTaps taps) {
            FloatVector sums = FloatVector.zero(Lanes.F32);
            for (int j = 0; j < taps.countY; j++) {
                IntVector levels = ShortVector
                        .fromMemorySegment(HALVES, data, (first + j * rowStep) * Short.BYTES, Lanes.ORDER)
                        .convertShape(VectorOperators.ZERO_EXTEND_S2I, WORDS, 0).reinterpretAsInts();
                sums = levels.convert(VectorOperators.I2F, 0).reinterpretAsFloats().mul(taps.weightsY[j]).add(sums);
            }
            sums.intoArray(columns, 0);
        }

        /** The weighted sums of so many columns. */
        private void addRows(long first, CropTaps taps, int count) {
            for (int k = 0; k < count; k++) {
                long at = (first + k * columnStep) * Short.BYTES;
                float sum = 0;
                for (int j = 0; j < taps.countY; j++, at += rowStep * Short.BYTES) {
                    sum += taps.weightsY[j] * (data.get(JAVA_SHORT_UNALIGNED, at) & WHITE);
                }
                columns[k] = sum;
            }
        }
    }
}
