package dev.osteon.engine.backend.onednn.vector;

import static java.lang.foreign.ValueLayout.JAVA_FLOAT_UNALIGNED;
import static java.lang.foreign.ValueLayout.JAVA_SHORT_UNALIGNED;

import dev.osteon.engine.tensor.DType;
import dev.osteon.engine.tensor.Tensor;
import java.lang.foreign.MemorySegment;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.ShortVector;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorShape;
import jdk.incubator.vector.VectorSpecies;

/** The images that views are cut from, as floats. */
sealed interface CropPixels {

    /** One of them. */
    float at(long element);

    /** Some that lie side by side. */
    void copy(long from, float[] into, int at, int count);

    /** Float32, or 16-bit grey levels as the numbers that they are. */
    static CropPixels of(Tensor images) {
        MemorySegment data = Lanes.global(images.segment());
        return images.dtype() == DType.U16 ? new Levels(data) : new Floats(data);
    }

    /** Float32. */
    record Floats(MemorySegment data) implements CropPixels {

        @Override
        public float at(long element) {
            return data.get(JAVA_FLOAT_UNALIGNED, element * Float.BYTES);
        }

        @Override
        public void copy(long from, float[] into, int at, int count) {
            MemorySegment.copy(data, JAVA_FLOAT_UNALIGNED, from * Float.BYTES, into, at, count);
        }
    }

    /** 16-bit grey levels. */
    record Levels(MemorySegment data) implements CropPixels {

        private static final VectorSpecies<Integer> WORDS = Lanes.F32.withLanes(int.class);
        private static final VectorSpecies<Short> HALVES =
                VectorSpecies.of(short.class, VectorShape.forBitSize(WORDS.vectorBitSize() / 2));

        @Override
        public float at(long element) {
            return data.get(JAVA_SHORT_UNALIGNED, element * Short.BYTES) & 0xffff;
        }

        @Override
        public void copy(long from, float[] into, int at, int count) {
            int i = 0;
            for (; i + Lanes.COUNT <= count; i += Lanes.COUNT) {
                IntVector levels = ShortVector.fromMemorySegment(HALVES, data, (from + i) * Short.BYTES, Lanes.ORDER)
                        .convertShape(VectorOperators.ZERO_EXTEND_S2I, WORDS, 0).reinterpretAsInts();
                levels.convert(VectorOperators.I2F, 0).reinterpretAsFloats().intoArray(into, at + i);
            }
            for (; i < count; i++) {
                into[at + i] = at(from + i);
            }
        }
    }
}
