package dev.osteon.ssl.data;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.osteon.engine.EngineException;
import java.util.List;
import org.assertj.core.data.Offset;
import org.junit.jupiter.api.Test;

class SegmentTest {

    @Test
    void theDarkestPixelOfABoneIsNoBackground() {
        Segment segment = Segment.of(new float[] {0, Float.MIN_VALUE, 1e-6f, 0.5f, 1, 1.5f, -1, Float.NaN}, 2, 4);
        assertThat(segment.levels()).containsExactly((short) 0, (short) 1, (short) 1, (short) 32768, (short) 65535,
                (short) 65535, (short) 0, (short) 0);
        assertThat(segment.geometry().count(0, 0, 1, 3)).isEqualTo(5);
        assertThat(segment.pixels()[3]).isCloseTo(0.5f, Offset.offset(1f / Segment.WHITE));
    }

    @Test
    void reducingAveragesAreasAndKeepsWhatIsNotZero() {
        short[] levels = new short[16 * 16];
        levels[0] = 1;                                       // the mean of its area is 1/16
        for (int i = 8 * 16; i < levels.length; i++) {
            levels[i] = (short) 65535;
        }
        Segment reduced = new Segment(levels, 16, 16).within(4);
        assertThat(reduced.height()).isEqualTo(4);
        assertThat(reduced.width()).isEqualTo(4);
        assertThat(reduced.levels()).startsWith((short) 1, (short) 0, (short) 0, (short) 0, (short) 0)
                .endsWith((short) 65535, (short) 65535, (short) 65535, (short) 65535);
        assertThat(new Segment(levels, 16, 16).within(16).levels()).isSameAs(levels);
    }

    @Test
    void levelsAreThoseOfTheBone() {
        Segment one = Segment.of(new float[] {0, 0.2f, 0.4f, 0}, 2, 2);
        Segment other = Segment.of(new float[] {0.6f}, 1, 1);
        SegmentStore.Levels levels = SegmentStore.Levels.of(List.of(SegmentSummary.of(one), SegmentSummary.of(other)));
        assertThat(levels.mean()).isCloseTo(0.4, Offset.offset(1e-5));
        assertThat(levels.deviation()).isCloseTo(Math.sqrt(0.08 / 3), Offset.offset(1e-5));
    }

    @Test
    void asManyLevelsAsPixels() {
        assertThatThrownBy(() -> new Segment(new short[5], 2, 3)).isInstanceOf(EngineException.class)
                .hasMessageContaining("given 5 levels for 2 × 3 pixels");
    }
}
