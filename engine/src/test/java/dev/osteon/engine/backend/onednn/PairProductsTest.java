package dev.osteon.engine.backend.onednn;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.osteon.engine.backend.onednn.machine.PairProducts;
import dev.osteon.engine.backend.onednn.machine.PairProducts.Ahead;
import dev.osteon.engine.backend.onednn.machine.PairProducts.Lines;
import dev.osteon.engine.backend.onednn.machine.PairProducts.Rows;
import dev.osteon.engine.tensor.HostData;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.SplittableRandom;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** The functions of machine code, on integers, against loops in Java. */
class PairProductsTest {

    private static final int PAIRS = PairProducts.PAIRS;
    private static final int HALF = PAIRS / 2;

    @BeforeEach
    void onlyWhereTheProcessorHasTheInstructions() {
        assumeTrue(Dnnl.hasPairProducts() && PairProducts.available(),
                "the processor has no products of bfloat16 in AVX-512");
    }

    @Test
    void multipliesGroupsWithGaps() {
        try (Arena arena = Arena.ofConfined()) {
            int count = 5;
            int groups = 3;
            MemorySegment a = integers(arena, groups * (count + 2), 1);
            MemorySegment b = integers(arena, groups * (count + 1), 2);
            MemorySegment sums = arena.allocate(PairProducts.SQUARE, 64);
            for (int i = 0; i < PAIRS * PAIRS; i++) {
                sums.setAtIndex(ValueLayout.JAVA_FLOAT, i, i);
            }
            PairProducts.multiply(a.address(), b.address(), sums.address(),
                    new Lines(count, groups, 2 * PairProducts.LINE, PairProducts.LINE),
                    Ahead.nothingNew(sums.address()));
            for (int i = 0; i < PAIRS; i++) {
                for (int j = 0; j < PAIRS; j++) {
                    float expected = i * PAIRS + j;
                    for (int g = 0; g < groups; g++) {
                        for (int k = 0; k < count; k++) {
                            for (int half = 0; half < 2; half++) {
                                expected += element(a, g * (count + 2) + k, i, half)
                                        * element(b, g * (count + 1) + k, j, half);
                            }
                        }
                    }
                    assertThat(sums.getAtIndex(ValueLayout.JAVA_FLOAT, i * PAIRS + j)).as("%d, %d", i, j)
                            .isEqualTo(expected);
                }
            }
        }
    }

    @Test
    void interleavesBlocks() {
        try (Arena arena = Arena.ofConfined()) {
            int blocks = 3;
            int pairs = 4;
            MemorySegment pixels = integers(arena, blocks * pairs, 3);   // 2 · pairs of blocks · 32 elements
            long pixel = (long) blocks * PAIRS * Short.BYTES;
            long panel = (pairs + 1) * (long) PairProducts.LINE;
            MemorySegment lines = arena.allocate(blocks * panel, 64);
            PairProducts.interleave(pixels.address(), pixels.address() + pixel, new Rows(pairs, 2 * pixel, blocks),
                    lines.address(), panel);
            for (int block = 0; block < blocks; block++) {
                for (int pair = 0; pair < pairs; pair++) {
                    for (int c = 0; c < PAIRS; c++) {
                        for (int half = 0; half < 2; half++) {
                            long from = (2L * pair + half) * pixel + (block * PAIRS + c) * (long) Short.BYTES;
                            long word = block * panel + pair * (long) PairProducts.LINE
                                    + (c / 2 + c % 2 * HALF) * (long) Integer.BYTES;
                            assertThat(lines.get(ValueLayout.JAVA_SHORT, word + half * (long) Short.BYTES))
                                    .isEqualTo(pixels.get(ValueLayout.JAVA_SHORT, from));
                        }
                    }
                }
                assertThat(lines.get(ValueLayout.JAVA_LONG, block * panel + pairs * (long) PairProducts.LINE))
                        .as("behind the lines").isZero();
            }
        }
    }

    @Test
    void refusesLoopsOfNothing() {
        assertThatThrownBy(() -> new Lines(0, 1, 0, 0)).hasMessageContaining("lines: given 0");
        assertThatThrownBy(() -> new Lines(1, 0, 0, 0)).hasMessageContaining("groups: given 0");
        assertThatThrownBy(() -> new Rows(0, 0, 1)).hasMessageContaining("pairs: given 0");
        assertThatThrownBy(() -> new Rows(1, 0, 0)).hasMessageContaining("blocks: given 0");
    }

    /** Lines of bfloat16 from −3 to 3. */
    private static MemorySegment integers(Arena arena, int lines, long seed) {
        MemorySegment memory = arena.allocate((long) lines * PairProducts.LINE, 64);
        SplittableRandom random = new SplittableRandom(seed);
        for (long i = 0; i < memory.byteSize() / Short.BYTES; i++) {
            memory.setAtIndex(ValueLayout.JAVA_SHORT, i, HostData.floatToBfloat16(random.nextInt(-3, 4)));
        }
        return memory;
    }

    private static float element(MemorySegment lines, int line, int place, int half) {
        return HostData.bfloat16ToFloat(lines.getAtIndex(ValueLayout.JAVA_SHORT,
                (long) line * 2 * PAIRS + 2L * place + half));
    }
}
