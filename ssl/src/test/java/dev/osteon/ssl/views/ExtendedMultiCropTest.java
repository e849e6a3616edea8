package dev.osteon.ssl.views;

import static org.assertj.core.api.Assertions.assertThat;

import dev.osteon.engine.memory.TensorScope;
import dev.osteon.engine.random.Philox;
import dev.osteon.engine.tensor.Device;
import dev.osteon.ssl.data.Segment;
import dev.osteon.ssl.data.SegmentStore;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class ExtendedMultiCropTest {

    private static final MultiCrop CROPS = new MultiCrop(
            new MultiCrop.Resolution(2, 24, new RandomResizedCrop(0.14, 1)),
            new MultiCrop.Resolution(4, 12, new RandomResizedCrop(0.05, 0.14)), 20);

    /** A thin slanted bar of ones in an otherwise empty picture. */
    private static Segment bar(int height, int width) {
        float[] pixels = new float[height * width];
        for (int y = 0; y < height; y++) {
            for (int x = 0; x < width; x++) {
                pixels[y * width + x] = Math.abs(x - width / 2 - (y - height / 2) / 4) <= 2 ? 1 : 0;
            }
        }
        return Segment.of(pixels, height, width);
    }

    @Test
    void countsWhatIsFinallySampled() {
        Segment segment = bar(61, 37);
        try (TensorScope scope = TensorScope.open();
                SegmentStore store = new SegmentStore(List.of(segment), Device.REFERENCE, List.of(0))) {
            for (int i = 0; i < 60; i++) {
                for (View view : CROPS.draw(segment.geometry(), Philox.of(i), new ViewStatistics())) {
                    float[] pixels = store.picture(0, view);
                    // the background of a picture is 0 up to the rounding of standardising there and back
                    long notZero = IntStream.range(0, pixels.length).filter(k -> pixels[k] > 1e-4).count();
                    int counted = segment.geometry().countSampled(view, Integer.MAX_VALUE);
                    assertThat((double) counted).isBetween(notZero - 2.0, notZero + 0.06 * pixels.length + 2);
                }
            }
        }
    }

    @Test
    void everyViewHasEnoughPixels() {
        Segment segment = bar(80, 80);
        ViewStatistics statistics = new ViewStatistics();
        ExtendedMultiCrop extended = new ExtendedMultiCrop(CROPS, 0.10, 1000);
        for (int i = 0; i < 50; i++) {
            for (View view : extended.draw(segment.geometry(), Philox.of(i), statistics)) {
                int count = segment.geometry().countSampled(view, Integer.MAX_VALUE);
                assertThat(count).isGreaterThanOrEqualTo((int) Math.ceil(0.10 * view.size() * view.size()));
            }
        }
        assertThat(statistics.views()).isEqualTo(300);
        assertThat(statistics.tries()).isGreaterThan(statistics.views());
        assertThat(statistics.sparse()).isZero();
    }

    @Test
    void anEmptySegmentEndsInTheFallback() {
        ViewStatistics statistics = new ViewStatistics();
        SegmentGeometry empty = new SegmentGeometry(20, 20, (y, x) -> false);
        List<View> views = new ExtendedMultiCrop(CROPS, 0.10, 7).draw(empty, Philox.of(1), statistics);
        assertThat(views).hasSize(6);
        assertThat(statistics.sparse()).isEqualTo(6);
        assertThat(statistics.tries()).isEqualTo(42);
    }

    @Test
    void aSeedGivesTheSameViews() {
        SegmentGeometry geometry = bar(61, 37).geometry();
        assertThat(CROPS.draw(geometry, Philox.of(3), new ViewStatistics()))
                .isEqualTo(CROPS.draw(geometry, Philox.of(3), new ViewStatistics()))
                .isNotEqualTo(CROPS.draw(geometry, Philox.of(4), new ViewStatistics()));
    }

    @Test
    void theMapsMeetAtTheCropsEdges() {
        AffineMatrix m = AffineMatrix.resize(new Crop(3, 5, 8, 16), 4);
        assertThat(m.x(-0.5, 0)).isEqualTo(4.5);     // the outer edge of the crop's first column
        assertThat(m.x(3.5, 0)).isEqualTo(20.5);
        assertThat(m.y(0, -0.5)).isEqualTo(2.5);
        assertThat(m.y(0, 3.5)).isEqualTo(10.5);
        assertThat(m.supportX()).isEqualTo(4);
    }
}
