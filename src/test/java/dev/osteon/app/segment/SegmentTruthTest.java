package dev.osteon.app.segment;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.osteon.app.UserError;
import dev.osteon.app.image.GrayImage;
import dev.osteon.app.image.ImageFiles;
import java.io.IOException;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SegmentTruthTest {

    @TempDir
    Path folder;

    /** A mask of some columns from the left. */
    private void mask(String path, int width, int columns) throws IOException {
        GrayImage image = GrayImage.black(width, 5, 8);
        for (int i = 0; i < 5 * columns; i++) {
            image.set(i / 5, i % 5, 255);
        }
        ImageFiles.writePng(image, folder.resolve(path));
    }

    @Test
    void whatIsMissingCountsAsNothingAndWhatIsTooMuchIsToldBeside() throws IOException {
        mask("truth/a_mc1.png", 10, 4);
        mask("truth/a_ulna.png", 10, 4);
        mask("out/masks/a_mc1.png", 10, 4);
        mask("out/masks/a_mc2.png", 10, 4);
        mask("out/masks/other_mc2.png", 10, 4);
        assertThat(SegmentTruth.in(folder.resolve("truth")).compare(folder.resolve("out"))).containsExactly(
                "ulna    Dice 0.000, least 0.000, of 1", "mc1     Dice 1.000, least 1.000, of 1",
                "mean    Dice 0.500 of 2 masks", "1 masks of bones that are not there");
    }

    @Test
    void masksOfOtherSizesAreToldAndSoIsAFolderWithout() throws IOException {
        mask("truth/a_mc1.png", 12, 4);
        mask("out/masks/a_mc1.png", 10, 4);
        SegmentTruth truth = SegmentTruth.in(folder.resolve("truth"));
        assertThatThrownBy(() -> truth.compare(folder.resolve("out"))).isInstanceOf(UserError.class)
                .hasMessageContaining("given 12 × 5 pixels; expected 10 × 5");
        assertThatThrownBy(() -> SegmentTruth.in(folder.resolve("none"))).isInstanceOf(UserError.class)
                .hasMessageContaining("which is no folder");
        assertThatThrownBy(() -> SegmentTruth.in(folder)).isInstanceOf(UserError.class)
                .hasMessageContaining("no mask NAME_BONE.png");
    }
}
