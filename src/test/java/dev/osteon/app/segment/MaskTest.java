package dev.osteon.app.segment;

import static org.assertj.core.api.Assertions.assertThat;

import dev.osteon.models.sam.Point;
import java.util.List;
import org.junit.jupiter.api.Test;

class MaskTest {

    private static Mask mask(String... rows) {
        boolean[] inside = new boolean[rows.length * rows[0].length()];
        for (int i = 0; i < inside.length; i++) {
            inside[i] = rows[i / rows[0].length()].charAt(i % rows[0].length()) == '#';
        }
        return new Mask(rows[0].length(), rows.length, inside);
    }

    @Test
    void thePieceWithThePointsIsKeptWithoutHolesEvenIfAnotherIsLarger() {
        Mask given = mask("###....", "#.#.###", "###.###", "....###");
        assertThat(given.pieceWith(List.of(new Point(0.5, 0.5))).inside())
                .isEqualTo(mask("###....", "###....", "###....", ".......").inside());
        assertThat(given.pieceWith(List.of(new Point(3.5, 0.5))).area()).isEqualTo(9);   // none holds it: the largest
    }

    @Test
    void cornersDoNotJoin() {
        assertThat(mask("##..", "##..", "..##").pieceWith(List.of(new Point(0, 0))).area()).isEqualTo(4);
    }

    @Test
    void diceIsTwiceTheCommonAreaOverTheSum() {
        assertThat(mask("##..").dice(mask(".##."))).isEqualTo(0.5);
        assertThat(mask("....").dice(mask("...."))).isEqualTo(1);
        assertThat(mask("####").holding(List.of(new Point(-1, 0), new Point(3.9, 0.9), new Point(4, 0)))).isEqualTo(1);
    }
}
