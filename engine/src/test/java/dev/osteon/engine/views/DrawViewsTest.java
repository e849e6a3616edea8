package dev.osteon.engine.views;

import static dev.osteon.engine.views.DrawnBatch.BONES;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.osteon.engine.EngineException;
import dev.osteon.engine.ShapeException;
import dev.osteon.engine.backend.onednn.vector.Parallel;
import dev.osteon.engine.op.DrawViews;
import dev.osteon.engine.random.Philox;
import dev.osteon.engine.tensor.DType;
import dev.osteon.engine.tensor.Device;
import dev.osteon.engine.tensor.Shape;
import dev.osteon.engine.tensor.TensorSpec;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** What the operation draws on the host's two backends; on a GPU it is CudaViewsTest's. */
class DrawViewsTest {

    static List<ViewSampling> policies() {
        return DrawnBatch.POLICIES;
    }

    @ParameterizedTest
    @MethodSource("policies")
    void bothHostBackendsDrawWhatTheDefinitionSays(ViewSampling sampling) {
        int[] all = IntStream.range(0, BONES.size()).toArray();
        int threads = Parallel.threads();
        try {
            for (int seed = 0; seed < 40; seed++) {
                Philox random = Philox.of(seed).fork("views");
                List<double[]> expected = BONES.expected(sampling, random, all);
                Parallel.setThreads(1 + seed % 3);
                assertThat(BONES.on(Device.REFERENCE, sampling, random, all)).usingRecursiveComparison()
                        .isEqualTo(expected);
                assertThat(BONES.on(Device.CPU, sampling, random, all)).usingRecursiveComparison()
                        .isEqualTo(expected);
            }
        } finally {
            Parallel.setThreads(threads);
        }
    }

    /** The threshold of the last policy is one that some views reach and some do not. */
    @Test
    void statisticsTellOfTriesAndOfViewsWithEnough() {
        int[] all = IntStream.range(0, BONES.size()).toArray();
        double views = 6.0 * all.length;
        double[] plain = BONES.on(Device.CPU, DrawnBatch.POLICIES.getFirst(), Philox.of(1), all).getLast();
        double[] strict = BONES.on(Device.CPU, DrawnBatch.POLICIES.getLast(), Philox.of(1), all).getLast();
        assertThat(plain[0]).isEqualTo(views);
        assertThat(plain[1]).isEqualTo(views);
        assertThat(plain[2]).isBetween(0.5 * views, views - 6);        // the six of the empty segment have none
        assertThat(strict[0]).isGreaterThan(2 * views);
        assertThat(strict[2]).isBetween(6.0, views - 6);
    }

    @Test
    void aSegmentsViewsDoNotDependOnItsBatch() {
        ViewSampling sampling = DrawnBatch.POLICIES.get(1);
        int[] batch = {3, 0, 8, 5, 1};
        List<double[]> whole = BONES.on(Device.CPU, sampling, Philox.of(4), batch);
        for (int b = 0; b < batch.length; b++) {
            List<double[]> alone = BONES.on(Device.CPU, sampling, Philox.of(4), batch[b]);
            for (int r = 0; r < sampling.resolutions().size(); r++) {
                for (int v = 0; v < sampling.resolutions().get(r).count(); v++) {
                    int row = v * batch.length + b;
                    assertThat(Arrays.copyOfRange(whole.get(2 * r), 6 * row, 6 * row + 6))
                            .containsExactly(Arrays.copyOfRange(alone.get(2 * r), 6 * v, 6 * v + 6));
                    assertThat(whole.get(2 * r + 1)[row]).isEqualTo(batch[b]);
                }
            }
        }
    }

    @Test
    void whatDoesNotFitIsRefused() {
        DrawViews op = new DrawViews(DrawnBatch.POLICIES.getFirst());
        TensorSpec images = TensorSpec.of(Shape.of(4, 1, 9, 9), DType.F32);
        TensorSpec sides = TensorSpec.of(Shape.of(4, 2), DType.I32);
        TensorSpec samples = TensorSpec.of(Shape.of(3), DType.I32);
        TensorSpec key = TensorSpec.of(Shape.of(2), DType.I32);
        assertThat(op.infer(List.of(images, sides, samples, key))).containsExactly(
                TensorSpec.of(Shape.of(6, 2, 3), DType.F32), TensorSpec.of(Shape.of(6), DType.I32),
                TensorSpec.of(Shape.of(12, 2, 3), DType.F32), TensorSpec.of(Shape.of(12), DType.I32),
                TensorSpec.of(Shape.of(3), DType.I32));
        assertThatThrownBy(() -> op.infer(List.of(images, samples, samples, key))).isInstanceOf(ShapeException.class)
                .hasMessageContaining("heights and widths [N, 2]");
        assertThatThrownBy(() -> op.infer(List.of(TensorSpec.of(Shape.of(4, 1, 9, 8), DType.F32), sides, samples,
                key))).isInstanceOf(ShapeException.class);
        assertThatThrownBy(() -> new ViewSampling(List.of(), 20, 0.1, 1)).isInstanceOf(EngineException.class)
                .hasMessageContaining("no resolution");
        assertThatThrownBy(() -> BONES.on(Device.CPU, op.sampling(), Philox.of(1), 2, 9))
                .hasMessageContaining("given index 9 at position 1; expected 0 to 8");
    }
}
