package dev.osteon.engine.backend.onednn.vector;

import static org.assertj.core.api.Assertions.assertThat;

import dev.osteon.engine.tensor.HostData;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.ShortVector;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Every bfloat16 there is, through the vectors that round and compare them. */
class Bfloat16Test {

    private static final int NUMBERS = 1 << 16;

    /** What is below, on and above the middle between two bfloat16, in the even and in the odd elements. */
    @ParameterizedTest
    @ValueSource(ints = {0, 1, 0x7fff, 0x8000, 0x8001, 0xffff})
    void pairsAreRoundedToNearestEven(int lower) {
        MemorySegment pair = Arena.ofAuto().allocate(Bfloat16.PAIRED * Short.BYTES, 64);
        for (int upper = 0; upper < NUMBERS; upper++) {
            float number = Float.intBitsToFloat(upper << 16 | lower);
            float other = Float.intBitsToFloat(~upper << 16);
            if (Float.isNaN(number) && lower != 0 || Float.isNaN(other)) {
                continue;
            }
            Bfloat16.store(all(number), all(other), pair, 0);
            checkPairs(pair, number, other);
            Bfloat16.store(all(other), all(number), pair, 0);
            checkPairs(pair, other, number);
        }
    }

    private static FloatVector all(float value) {
        float[] values = new float[Lanes.COUNT];
        Arrays.fill(values, value);             // not a broadcast: it may change the bits of NaN
        return FloatVector.fromArray(Lanes.F32, values, 0);
    }

    private static void checkPairs(MemorySegment pair, float even, float odd) {
        for (int i = 0; i < Bfloat16.PAIRED; i += 2) {
            checkRounded(pair, i, even);
            checkRounded(pair, i + 1, odd);
        }
    }

    private static void checkRounded(MemorySegment memory, int element, float number) {
        short actual = memory.getAtIndex(ValueLayout.JAVA_SHORT, element);
        if (Float.isNaN(number)) {
            assertThat(Bfloat16.get(memory, element)).isNaN();
        } else if (actual != HostData.floatToBfloat16(number)) {
            assertThat(actual).as("%h", Float.floatToRawIntBits(number)).isEqualTo(HostData.floatToBfloat16(number));
        }
    }

    @Test
    void atMostZeroIsWhatANumberIs() {
        for (int bits = 0; bits < NUMBERS; bits++) {
            short[] elements = new short[Bfloat16.PAIRED];
            Arrays.fill(elements, (short) bits);
            boolean closed = Bfloat16.atMostZero(ShortVector.fromArray(
                    Lanes.F32.withLanes(short.class), elements, 0)).allTrue();
            assertThat(closed).as("%h", bits).isEqualTo(HostData.bfloat16ToFloat((short) bits) <= 0);
        }
    }
}
