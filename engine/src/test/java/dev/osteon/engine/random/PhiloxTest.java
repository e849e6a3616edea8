package dev.osteon.engine.random;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Arrays;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class PhiloxTest {

    /** Known answers of the authors' Random123 library. */
    @Test
    void roundsGiveTheKnownAnswers() {
        assertThat(rounds(new int[4], 0, 0)).containsExactly(0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8);
        assertThat(rounds(new int[] {-1, -1, -1, -1}, -1, -1))
                .containsExactly(0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd);
        assertThat(rounds(new int[] {0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344}, 0xa4093822, 0x299f31d0))
                .containsExactly(0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1);
    }

    private static int[] rounds(int[] counter, int k0, int k1) {
        Philox.rounds(counter, k0, k1);
        return counter;
    }

    @Test
    void restoredStreamGoesOnWhereItWas() {
        Philox stream = Philox.of(7).fork("views");
        for (int i = 0; i < 13; i++) {
            stream.nextInt();
        }
        Philox restored = Philox.restore(stream.key(), stream.position());
        for (int i = 0; i < 10; i++) {
            assertThat(restored.nextInt()).isEqualTo(stream.nextInt());
        }
    }

    @Test
    void forksDifferByNameAndNumberAndDoNotMoveTheirOrigin() {
        Philox stream = Philox.of(7);
        assertThat(stream.fork("a").nextLong()).isNotEqualTo(stream.fork("b").nextLong());
        assertThat(stream.fork(1).nextLong()).isNotEqualTo(stream.fork(2).nextLong());
        assertThat(stream.fork("a").nextLong()).isEqualTo(stream.fork("a").nextLong());
        assertThat(stream.position()).isZero();
    }

    @Test
    void uniformAndNormalNumbersHaveTheirMoments() {
        Philox stream = Philox.of(3);
        double[] u = IntStream.range(0, 100_000).mapToDouble(i -> stream.nextDouble()).toArray();
        assertThat(Arrays.stream(u).average().orElseThrow()).isBetween(0.495, 0.505);
        assertThat(Arrays.stream(u).min().orElseThrow()).isGreaterThanOrEqualTo(0);
        assertThat(Arrays.stream(u).max().orElseThrow()).isLessThan(1);
        double[] z = IntStream.range(0, 100_000).mapToDouble(i -> stream.nextGaussian()).toArray();
        assertThat(Arrays.stream(z).average().orElseThrow()).isBetween(-0.015, 0.015);
        assertThat(Arrays.stream(z).map(v -> v * v).average().orElseThrow()).isBetween(0.98, 1.02);
    }

    @Test
    void permutationHoldsEachNumberOnce() {
        int[] order = Philox.of(5).permutation(100);
        assertThat(order).isNotEqualTo(IntStream.range(0, 100).toArray());
        assertThat(Arrays.stream(order).sorted().toArray()).isEqualTo(IntStream.range(0, 100).toArray());
    }
}
