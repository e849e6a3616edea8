package dev.osteon.ssl.views;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.osteon.engine.memory.TensorScope;
import dev.osteon.engine.random.Philox;
import dev.osteon.engine.tensor.Device;
import dev.osteon.engine.views.DrawnView;
import dev.osteon.engine.views.RandomResizedCrop;
import dev.osteon.engine.views.Resolution;
import dev.osteon.engine.views.SegmentGeometry;
import dev.osteon.engine.views.View;
import dev.osteon.ssl.data.Segment;
import dev.osteon.ssl.data.SegmentStore;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class ExtendedMultiCropTest {

    private static final MultiCrop CROPS = new MultiCrop(
            new Resolution(2, 24, new RandomResizedCrop(0.14, 1)),
            new Resolution(4, 12, new RandomResizedCrop(0.05, 0.14)), 20);

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

    private static List<DrawnView> drawn(ViewPolicy policy, SegmentGeometry segment, int seed) {
        return policy.sampling().draw(segment, Philox.of(seed));
    }

    @Test
    void countsWhatIsFinallySampled() {
        Segment segment = bar(61, 37);
        SegmentGeometry geometry = segment.geometry();
        try (TensorScope scope = TensorScope.open();
                SegmentStore store = new SegmentStore(List.of(segment), Device.REFERENCE, List.of(0))) {
            for (int i = 0; i < 60; i++) {
                for (DrawnView drawn : drawn(CROPS, geometry, i)) {
                    float[] pixels = store.picture(0, drawn.view());
                    // the background of a picture is 0 up to the rounding of standardising there and back
                    long notZero = IntStream.range(0, pixels.length).filter(k -> pixels[k] > 1e-4).count();
                    int counted = geometry.countSampled(drawn.view(), Integer.MAX_VALUE);
                    assertThat((double) counted).isBetween(notZero - 2.0, notZero + 0.06 * pixels.length + 2);
                }
            }
        }
    }

    @Test
    void everyViewHasEnoughPixels() {
        SegmentGeometry geometry = bar(80, 80).geometry();
        ExtendedMultiCrop extended = new ExtendedMultiCrop(CROPS, 0.10, 1000);
        int views = 0;
        int tries = 0;
        for (int i = 0; i < 50; i++) {
            for (DrawnView drawn : drawn(extended, geometry, i)) {
                View view = drawn.view();
                int count = geometry.countSampled(view, Integer.MAX_VALUE);
                assertThat(count).isGreaterThanOrEqualTo((int) Math.ceil(0.10 * view.size() * view.size()));
                assertThat(drawn.enough()).isTrue();
                views++;
                tries += drawn.tries();
            }
        }
        assertThat(views).isEqualTo(300);
        assertThat(tries).isGreaterThan(views);
    }

    @Test
    void plainMultiCropTakesWhatItDrawsAndTellsWhetherItIsEnough() {
        SegmentGeometry geometry = bar(80, 80).geometry();
        int sparse = 0;
        for (int i = 0; i < 50; i++) {
            for (DrawnView drawn : drawn(CROPS, geometry, i)) {
                int size = drawn.view().size();
                assertThat(drawn.tries()).isEqualTo(1);
                assertThat(drawn.enough()).isEqualTo(geometry.countSampled(drawn.view(), Integer.MAX_VALUE)
                        >= (int) Math.ceil(0.10 * size * size));
                sparse += drawn.enough() ? 0 : 1;
            }
        }
        assertThat(sparse).isPositive();
    }

    @Test
    void anEmptySegmentEndsInTheFallback() {
        SegmentGeometry empty = new SegmentGeometry(20, 20, (y, x) -> false);
        assertThat(drawn(new ExtendedMultiCrop(CROPS, 0.10, 7), empty, 1)).hasSize(6)
                .allMatch(drawn -> drawn.tries() == 7 && !drawn.enough());
    }

    @Test
    void aSeedGivesTheSameViews() {
        SegmentGeometry geometry = bar(61, 37).geometry();
        assertThat(drawn(CROPS, geometry, 3)).isEqualTo(drawn(CROPS, geometry, 3))
                .isNotEqualTo(drawn(CROPS, geometry, 4));
    }

    @Test
    void aResolutionWithoutViewsIsLeftOut() {
        MultiCrop global = new MultiCrop(CROPS.global(), new Resolution(0, 12, CROPS.local().crop()), 20);
        assertThat(global.sampling().resolutions()).containsExactly(CROPS.global());
        assertThat(global.views()).isEqualTo(global.sampling().views()).isEqualTo(2);
    }

    @Test
    void sharesAndTriesOutOfRangeAreRefused() {
        assertThatThrownBy(() -> new ExtendedMultiCrop(CROPS, 1.5, 3)).hasMessageContaining("given a share of 1.5");
        assertThatThrownBy(() -> new ExtendedMultiCrop(CROPS, 0.5, 0)).hasMessageContaining("1 try or more");
    }
}
