package dev.osteon.engine.backend.cuda;

import static dev.osteon.engine.views.DrawnBatch.BONES;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.osteon.engine.random.Philox;
import dev.osteon.engine.views.DrawnBatch;
import dev.osteon.engine.views.RandomResizedCrop;
import dev.osteon.engine.views.Resolution;
import dev.osteon.engine.views.ViewSampling;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** The GPU draws the views that the host draws, to the bit. */
class CudaViewsTest {

    private static final int[] ALL = IntStream.range(0, BONES.size()).toArray();

    @BeforeAll
    static void open() {
        CudaEmulator.backend();
    }

    static List<ViewSampling> policies() {
        return DrawnBatch.POLICIES;
    }

    @ParameterizedTest
    @MethodSource("policies")
    void drawsWhatTheHostDraws(ViewSampling sampling) {
        for (int seed = 0; seed < 40; seed++) {
            Philox random = Philox.of(seed).fork("views");
            assertThat(BONES.on(CudaEmulator.DEVICE, sampling, random, ALL)).as("seed %d", seed)
                    .usingRecursiveComparison().isEqualTo(BONES.expected(sampling, random, ALL));
        }
    }

    /** Thousands of angles and aspect ratios: exp, sine and cosine have Java's bits. */
    @Test
    void drawsTheSameMapsWhateverTheAngle() {
        RandomResizedCrop any = new RandomResizedCrop(0.01, 1);
        for (double degrees : new double[] {0, 1e-7, 3, 45, 180}) {
            ViewSampling sampling = new ViewSampling(List.of(new Resolution(200, 1, any)), degrees, 0, 1);
            Philox random = Philox.of(7);
            assertThat(BONES.on(CudaEmulator.DEVICE, sampling, random, ALL)).as("%s°", degrees)
                    .usingRecursiveComparison().isEqualTo(BONES.expected(sampling, random, ALL));
        }
    }

    @Test
    void aNumberOutOfRangeIsTold() {
        assertThatThrownBy(() -> BONES.on(CudaEmulator.DEVICE, DrawnBatch.POLICIES.getFirst(), Philox.of(1), 2, 9))
                .hasMessageContaining("drawviews: given index 9 at position 1; expected 0 to 8");
    }
}
