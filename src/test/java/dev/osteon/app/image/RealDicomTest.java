package dev.osteon.app.image;

import static org.assertj.core.api.Assertions.assertThat;

import dev.osteon.app.image.dicom.DicomHeader;
import dev.osteon.app.image.dicom.Photometric;
import dev.osteon.nn.SharedData;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A lower leg as a computed radiography system wrote it (NEMA's WG04 test images), in three transfer syntaxes. */
class RealDicomTest {
    private static final int SIDE = 1760;

    private static Path file(String name) {
        return SharedData.folder("dicom").resolve(name);
    }

    /** Mean grey, 0 to 1, of 21 by 21 pixels. */
    private static double grey(GrayImage image, int x, int y) {
        double sum = 0;
        for (int i = 0; i < 441; i++) {
            sum += image.get(x - 10 + i % 21, y - 10 + i / 21);
        }
        return sum / 441 / image.maxSample();
    }

    @ParameterizedTest
    @ValueSource(strings = {"RG3_UNC.dcm", "RG3_JPLL.dcm", "RG3_J2KR.dcm"})
    void boneIsBrighterThanMuscleAndMuscleThanAir(String name) throws IOException {
        Radiograph read = ImageFiles.radiograph(file(name), Optional.empty());
        DicomHeader header = ((Radiograph.Dicom) read.source()).header();
        assertThat(header.photometric()).isEqualTo(Photometric.MONOCHROME1);
        assertThat(header.bitsStored()).isEqualTo(10);
        assertThat(read.spacing()).isEmpty();
        GrayImage image = read.image();
        assertThat(image).hasToString("GrayImage[1760 x 1760, 16 bit]");
        double air = grey(image, 540, 600);
        double muscle = grey(image, 740, 300);
        double tibia = grey(image, 908, 400);
        double talus = grey(image, 820, 1540);
        assertThat(air).isBetween(0.0, 0.15);
        assertThat(muscle).isBetween(0.25, 0.75);
        assertThat(tibia).isBetween(muscle + 0.1, 1.0);
        assertThat(talus).isBetween(muscle + 0.1, 1.0);
    }

    @Test
    void codingsAreTheSamePicture() throws IOException {
        GrayImage plain = ImageFiles.read(file("RG3_UNC.dcm"));
        assertThat(ImageFiles.read(file("RG3_JPLL.dcm"))).isEqualTo(plain);
        assertThat(ImageFiles.read(file("RG3_J2KR.dcm"))).isEqualTo(plain);
    }

    /** The window of 550 and 1024 by PS3.3's formula, C.11.2.1.2.1. */
    @Test
    void everyPixelIsTheStoredOneWindowedAndInverted() throws IOException {
        GrayImage image = ImageFiles.read(file("RG3_UNC.dcm"));
        byte[] bytes = Files.readAllBytes(file("RG3_UNC.dcm"));
        int pixelData = new String(bytes, 0, 4096, StandardCharsets.ISO_8859_1).indexOf("\u00e0\u007f\u0010\0OW");
        ByteBuffer stored = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN).position(pixelData + 12);
        int[] wrong = new int[SIDE * SIDE];
        int count = 0;
        for (int i = 0; i < wrong.length; i++) {
            double shown = Math.clamp((stored.getShort() - 549.5) / 1023 + 0.5, 0, 1);
            if (Math.abs(image.get(i % SIDE, i / SIDE) - 65535 * (1 - shown)) > 0.5001) {
                wrong[count++] = i;
            }
        }
        assertThat(count).as("pixels that differ, the first at %d", wrong[0]).isZero();
    }
}
