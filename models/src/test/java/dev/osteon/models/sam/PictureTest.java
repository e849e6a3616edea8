package dev.osteon.models.sam;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import org.junit.jupiter.api.Test;

class PictureTest {

    @Test
    void aStepIsBlurredByTheTriangleAndKeepsItsEnds() {
        byte[] plane = {0, 0, 0, 0, (byte) 200, (byte) 200, (byte) 200, (byte) 200};
        Picture half = Picture.gray(8, 1, plane).within(4);
        assertThat(half.width()).isEqualTo(4);
        assertThat(half.height()).isEqualTo(1);
        // weights ⅛ ⅜ ⅜ ⅛ over four inputs: the step is seen by the tails only
        assertThat(half.samples()).startsWith(0, 25, (byte) 175, (byte) 200);
    }

    @Test
    void thePictureFillsTheSquareFromTheUpperLeftAndTheRestIsZero() {
        byte[] plane = new byte[4 * 2];
        java.util.Arrays.fill(plane, (byte) 255);
        float[] input = SamEncoder.input(Picture.gray(4, 2, plane));
        assertThat(input[0]).isEqualTo((255 - 123.675f) / 58.395f);
        assertThat(input[511 * SamEncoder.SIDE + 1023]).isEqualTo(input[0]);
        assertThat(input[512 * SamEncoder.SIDE]).isZero();
    }

    @Test
    void aMaskOfALowPictureComesFromTheUpperPartOfTheSquare() {
        float[] coarse = new float[MaskLogits.SIDE * MaskLogits.SIDE];
        for (int i = 0; i < coarse.length; i++) {
            coarse[i] = i / MaskLogits.SIDE < 64 ? 1 : -1;     // the upper half of what is no padding
        }
        float[] pixels = new MaskLogits(200, 100, coarse).atPixels();
        assertThat(pixels[10 * 200 + 50]).isEqualTo(1);
        assertThat(pixels[90 * 200 + 50]).isEqualTo(-1);
        assertThat(pixels[49 * 200 + 199]).isPositive();
        assertThat(pixels[50 * 200 + 199]).isNegative();
    }

    @Test
    void promptsMoveWithTheirWindow() {
        PointPrompt prompt = new PointPrompt(List.of(new Point(10, 20)), List.of(new Point(0, 5)));
        assertThat(prompt.from(4, 6).positive()).containsExactly(new Point(6, 14));
        assertThat(prompt.from(4, 6).negative()).containsExactly(new Point(-4, -1));
        assertThat(prompt.without(List.of(new Point(1, 1))).negative()).hasSize(2);
        assertThatThrownBy(() -> new PointPrompt(List.of(), List.of())).hasMessageContaining("no positive point");
    }
}
