package dev.osteon.app.segment;

import static org.assertj.core.api.Assertions.assertThat;

import dev.osteon.app.image.GrayImage;
import dev.osteon.app.image.ImageFiles;
import dev.osteon.app.phantom.HandPhantom;
import dev.osteon.app.phantom.PhantomConfig;
import dev.osteon.app.phantom.Subject;
import dev.osteon.nn.SharedData;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Radiographs with dark bone are turned into those with bright bone, and others left as they are. */
class PolarityTest {

    private static void assertSame(GrayImage one, GrayImage other) {
        assertThat(one.width()).isEqualTo(other.width());
        for (int y = 0; y < one.height(); y++) {
            for (int x = 0; x < one.width(); x++) {
                if (one.get(x, y) != other.get(x, y)) {
                    assertThat(one.get(x, y)).as("pixel %d, %d", x, y).isEqualTo(other.get(x, y));
                }
            }
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1, 2, 3, 4, 5, 6, 7})
    void aPhantomIsTheSameEitherWay(int index) {
        GrayImage hand = HandPhantom.render(Subject.draw(1, index), new PhantomConfig(8, 1, 0.2)).radiograph();
        assertThat(Polarity.boneBright(hand)).isSameAs(hand);
        assertSame(Polarity.boneBright(hand.inverted()), hand);
    }

    /** Framed, lettered, turned, some with little air around them. */
    @ParameterizedTest
    @ValueSource(strings = {"hands", "graz"})
    void realHandsAreTheSameEitherWay(String folder) throws IOException {
        List<Path> files;
        try (Stream<Path> all = Files.walk(SharedData.folder(folder))) {
            files = all.filter(file -> file.toString().matches(".*\\.(png|jpg)") && !file.toString().contains("mask"))
                    .sorted().toList();
        }
        assertThat(files).hasSizeGreaterThanOrEqualTo(10);
        for (Path file : files) {
            GrayImage hand = ImageFiles.read(file);
            assertThat(Polarity.boneBright(hand)).as(file.toString()).isSameAs(hand);
            assertSame(Polarity.boneBright(hand.inverted()), hand);
        }
    }

    /** Outside the collimated field it is white, and its header says which way the greys go. */
    @Test
    void aDicomFileIsBelieved() throws IOException {
        Path file = SharedData.folder("dicom").resolve("RG3_UNC.dcm");
        assertSame(RadiographFolder.read(file), ImageFiles.read(file));
    }

    @Test
    void aWhiteFrameOrRimIsNotTheBackground() {
        GrayImage hand = HandPhantom.render(Subject.draw(1, 2), new PhantomConfig(8, 1, 0.2)).radiograph();
        for (int y = 0; y < hand.height(); y++) {
            for (int x = 0; x < hand.width(); x++) {
                if (Math.min(x, hand.width() - 1 - x) < hand.width() / 20
                        || Math.min(y, hand.height() - 1 - y) < hand.height() / 20) {
                    hand.set(x, y, hand.maxSample());
                }
            }
        }
        assertThat(Polarity.boneBright(hand)).isSameAs(hand);
    }

    @Test
    void inversionTurnsTheGreysRound() {
        GrayImage image = GrayImage.black(2, 1, 8);
        image.set(1, 0, 200);
        assertThat(image.inverted().get(0, 0)).isEqualTo(255);
        assertThat(image.inverted().get(1, 0)).isEqualTo(55);
    }

    @Test
    void whatShowsNothingStaysAsItIs() {
        GrayImage black = GrayImage.black(40, 30, 8);
        assertThat(Polarity.boneBright(black)).isSameAs(black);
        GrayImage white = black.inverted();
        assertThat(Polarity.boneBright(white)).isSameAs(white);
        GrayImage point = GrayImage.black(1, 1, 16);
        assertThat(Polarity.boneBright(point)).isSameAs(point);
    }
}
