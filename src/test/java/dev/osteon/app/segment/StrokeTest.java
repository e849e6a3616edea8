package dev.osteon.app.segment;

import static org.assertj.core.api.Assertions.assertThat;

import dev.osteon.models.sam.Point;
import java.util.List;
import org.junit.jupiter.api.Test;

class StrokeTest {

    private static final Mask EMPTY = new Mask(9, 5, new boolean[45]);

    private static String rows(Mask mask) {
        StringBuilder text = new StringBuilder();
        for (int i = 0; i < mask.inside().length; i++) {
            text.append(mask.inside()[i] ? '#' : '.').append(i % mask.width() == mask.width() - 1 ? "\n" : "");
        }
        return text.toString();
    }

    @Test
    void pixelsWhoseCentresLieWithinTheRadiusOfTheLineAreDrawn() {
        Stroke line = new Stroke(Stroke.Tool.BRUSH, 1, List.of(new Point(2.5, 2.5), new Point(6.5, 2.5)));
        assertThat(rows(Stroke.drawn(EMPTY, List.of(line)))).isEqualTo("""
                .........
                ..#####..
                .#######.
                ..#####..
                .........
                """);
    }

    @Test
    void strokesAreDrawnInTheirOrderAndMayLeaveTheImage() {
        Stroke dot = new Stroke(Stroke.Tool.BRUSH, 1.2, List.of(new Point(0, 0)));
        Stroke eraser = new Stroke(Stroke.Tool.ERASER, 0.5, List.of(new Point(0.5, 0.5)));
        assertThat(Stroke.drawn(EMPTY, List.of(dot, eraser)).area()).isZero();
        assertThat(Stroke.drawn(EMPTY, List.of(eraser, dot)).area()).isEqualTo(1);
        Stroke outside = new Stroke(Stroke.Tool.BRUSH, 3, List.of(new Point(30, 30), new Point(40, 9)));
        assertThat(Stroke.drawn(EMPTY, List.of(outside)).area()).isZero();
        assertThat(EMPTY.area()).isZero();
    }

    @Test
    void scaledStrokesDrawTheScaledPicture() {
        Stroke stroke = new Stroke(Stroke.Tool.BRUSH, 2, List.of(new Point(4, 4), new Point(14, 4)));
        assertThat(rows(Stroke.drawn(EMPTY, List.of(stroke.times(0.5))))).isEqualTo("""
                .........
                .#######.
                .#######.
                .........
                .........
                """);
    }
}
