package dev.osteon.app.image;

import static org.assertj.core.api.Assertions.assertThat;

import dev.osteon.app.image.SyntheticDicom.Length;
import dev.osteon.app.image.dicom.PixelSpacing;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.Random;
import java.util.function.IntUnaryOperator;
import java.util.stream.IntStream;
import org.assertj.core.data.Offset;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Samples written by this test come back through {@link ImageFiles}, in every coding and with every transformation. */
class DicomPixelsTest {
    private static final int WIDTH = 37;
    private static final int HEIGHT = 29;

    @TempDir
    Path folder;

    /** A bright bar on noise, with both extremes. */
    private static int[] samples(int bits) {
        Random random = new Random(bits);
        int most = (1 << bits) - 1;
        int[] samples = IntStream.range(0, WIDTH * HEIGHT)
                .map(i -> i % WIDTH > 10 && i % WIDTH < 20 ? most - random.nextInt(4) : random.nextInt(most / 2))
                .toArray();
        samples[5] = most;
        samples[6] = 0;
        return samples;
    }

    private Radiograph read(SyntheticDicom file) throws IOException {
        return ImageFiles.radiograph(Files.write(folder.resolve("image"), file.write()), Optional.empty());
    }

    private static void assertGreys(GrayImage image, int[] samples, int depth, IntUnaryOperator grey) {
        assertThat(image.width()).isEqualTo(WIDTH);
        assertThat(image.height()).isEqualTo(HEIGHT);
        assertThat(image.bitDepth()).isEqualTo(depth);
        int[] read = IntStream.range(0, samples.length).map(i -> image.get(i % WIDTH, i / WIDTH)).toArray();
        assertThat(read).isEqualTo(IntStream.of(samples).map(grey).toArray());
    }

    private static int scaled(int sample, int bits) {
        return (int) Math.round(65535.0 * sample / ((1 << bits) - 1));
    }

    @ParameterizedTest
    @CsvSource({SyntheticDicom.IMPLICIT, SyntheticDicom.EXPLICIT, SyntheticDicom.DEFLATED, SyntheticDicom.BIG_ENDIAN})
    void uncompressed(String syntax) throws IOException {
        for (int bits : new int[] {10, 12, 16}) {
            int[] samples = samples(bits);
            Radiograph read = read(SyntheticDicom.of(syntax, WIDTH, HEIGHT, 16, bits).samples(samples));
            assertGreys(read.image(), samples, 16, s -> scaled(s, bits));
            assertThat(read.spacing()).contains(new PixelSpacing(0.15, 0.125, PixelSpacing.Plane.DETECTOR));
            assertThat(read.subjectHash()).isEmpty();
        }
    }

    @ParameterizedTest
    @CsvSource({"12, " + SyntheticDicom.JPEG_LOSSLESS, "16, " + SyntheticDicom.JPEG_LOSSLESS_SV1,
        "8, " + SyntheticDicom.JPEG_LOSSLESS_SV1, "12, " + SyntheticDicom.JPEG_2000, "16, " + SyntheticDicom.JPEG_2000,
        "8, " + SyntheticDicom.JPEG_2000, "12, " + SyntheticDicom.RLE, "16, " + SyntheticDicom.RLE,
        "8, " + SyntheticDicom.RLE})
    void losslesslyCompressed(int bits, String syntax) throws IOException {
        int[] samples = samples(bits);
        int allocated = bits == 8 ? 8 : 16;
        byte[] frame = switch (syntax) {
            case SyntheticDicom.JPEG_2000 -> FrameEncoders.jpeg2000(samples, WIDTH, bits);
            case SyntheticDicom.RLE -> FrameEncoders.rle(samples, allocated / 8);
            default -> FrameEncoders.jpegLossless(samples, WIDTH, bits);
        };
        GrayImage image = read(SyntheticDicom.of(syntax, WIDTH, HEIGHT, allocated, bits).frame("OB", frame)).image();
        assertGreys(image, samples, allocated, s -> bits == 8 ? s : scaled(s, bits));
    }

    @Test
    void baselineJpegIsWhatTheCodecSays() throws IOException {
        int[] samples = IntStream.range(0, WIDTH * HEIGHT).map(i -> i % WIDTH * 6).toArray();
        byte[] frame = FrameEncoders.encoded(FrameEncoders.picture(samples, WIDTH, 8), "jpg");
        GrayImage image = read(SyntheticDicom.of(SyntheticDicom.JPEG_BASELINE, WIDTH, HEIGHT, 8, 8).frame("OB", frame))
                .image();
        for (int i = 0; i < samples.length; i++) {
            assertThat(image.get(i % WIDTH, i / WIDTH)).isCloseTo(samples[i], Offset.offset(12));
        }
        Path plain = Files.write(folder.resolve("plain.jpg"), frame);
        assertThat(image).isEqualTo(ImageFiles.read(plain));
    }

    @ParameterizedTest
    @ValueSource(strings = {SyntheticDicom.EXPLICIT, SyntheticDicom.BIG_ENDIAN})
    void eightBitsStayEightBits(String syntax) throws IOException {
        int[] samples = samples(8);
        byte[] bytes = new byte[samples.length + 1];   // an odd number of samples is padded
        byte[] swapped = new byte[bytes.length];
        for (int i = 0; i < samples.length; i++) {
            bytes[i] = (byte) samples[i];
            swapped[i ^ 1] = (byte) samples[i];
        }
        SyntheticDicom file = SyntheticDicom.of(syntax, WIDTH, HEIGHT, 8, 8);
        assertGreys(read(file.frame("OB", bytes)).image(), samples, 8, s -> s);
        boolean big = syntax.equals(SyntheticDicom.BIG_ENDIAN);
        assertGreys(read(file.frame("OW", big ? swapped : bytes)).image(), samples, 8, s -> s);
    }

    @Test
    void storedBitsMayLieHighAndBeSurroundedByOthers() throws IOException {
        int[] samples = samples(10);
        int[] dirty = IntStream.range(0, samples.length).map(i -> samples[i] << 3 | i & 7 | (i & 7) << 13).toArray();
        GrayImage image = read(SyntheticDicom.of(SyntheticDicom.EXPLICIT, WIDTH, HEIGHT, 16, 10).word(0x00280102, 12)
                .samples(dirty)).image();
        assertGreys(image, samples, 16, s -> scaled(s, 10));
    }

    @Test
    void signedSamplesAreShiftedToTheFullRange() throws IOException {
        int[] samples = samples(12);
        int[] twos = IntStream.of(samples).map(s -> s - 2048 & 0xFFF).toArray();
        Radiograph read = read(SyntheticDicom.of(SyntheticDicom.EXPLICIT, WIDTH, HEIGHT, 16, 12).word(0x00280103, 1)
                .samples(twos));
        assertGreys(read.image(), samples, 16, s -> scaled(s, 12));
        assertThat(((Radiograph.Dicom) read.source()).lowestStored()).isEqualTo(-2048);
        assertThat(((Radiograph.Dicom) read.source()).highestStored()).isEqualTo(2047);
    }

    @Test
    void monochrome1IsInverted() throws IOException {
        int[] samples = samples(12);
        SyntheticDicom file = SyntheticDicom.of(SyntheticDicom.EXPLICIT, WIDTH, HEIGHT, 16, 12)
                .text(0x00280004, "CS", "MONOCHROME1").samples(samples);
        assertGreys(read(file).image(), samples, 16, s -> scaled(4095 - s, 12));
        file.text(0x00281050, "DS", "2048").text(0x00281051, "DS", "1000");
        assertGreys(read(file).image(), samples, 16, s -> (int) Math.round(65535 * (1 - linear(s, 2048, 1000))));
    }

    private static double linear(double x, double center, double width) {
        if (x <= center - 0.5 - (width - 1) / 2) {
            return 0;
        }
        return x > center - 0.5 + (width - 1) / 2 ? 1 : (x - (center - 0.5)) / (width - 1) + 0.5;
    }

    @Test
    void windowsAreLinearLinearExactOrSigmoidAndTheFirstOneCounts() throws IOException {
        int[] samples = samples(12);
        SyntheticDicom file = SyntheticDicom.of(SyntheticDicom.IMPLICIT, WIDTH, HEIGHT, 16, 12).samples(samples)
                .text(0x00281050, "DS", "1500.5\\40").text(0x00281051, "DS", "1.2e3\\80");
        assertGreys(read(file).image(), samples, 16, s -> (int) Math.round(65535 * linear(s, 1500.5, 1200)));
        file.text(0x00281056, "CS", "SIGMOID");
        assertGreys(read(file).image(), samples, 16,
                s -> (int) Math.round(65535 / (1 + Math.exp(-4 * (s - 1500.5) / 1200))));
        file.text(0x00281056, "CS", "LINEAR_EXACT");
        assertGreys(read(file).image(), samples, 16,
                s -> (int) Math.round(65535 * Math.clamp((s - 1500.5) / 1200 + 0.5, 0, 1)));
        file.text(0x00281056, "CS", "LINEAR").text(0x00281051, "DS", "1");
        assertGreys(read(file).image(), samples, 16, s -> s <= 1500 ? 0 : 65535);
        file.text(0x00281051, "DS", "0");   // is no window
        assertGreys(read(file).image(), samples, 16, s -> scaled(s, 12));
    }

    @Test
    void windowsCountInRescaledValues() throws IOException {
        int[] samples = samples(12);
        SyntheticDicom file = SyntheticDicom.of(SyntheticDicom.EXPLICIT, WIDTH, HEIGHT, 16, 12).samples(samples)
                .text(0x00281052, "DS", "-1000").text(0x00281053, "DS", "0.5");
        assertGreys(read(file).image(), samples, 16, s -> scaled(s, 12));
        file.text(0x00281053, "DS", "0.50000000000000000000");   // longer than the standard allows, as some makers' are
        assertGreys(read(file).image(), samples, 16, s -> scaled(s, 12));
        file.text(0x00281050, "DS", "-200").text(0x00281051, "DS", "400");
        assertGreys(read(file).image(), samples, 16,
                s -> (int) Math.round(65535 * linear(0.5 * s - 1000, -200, 400)));
        file.without(0x00281050).text(0x00281053, "DS", "-2");
        assertGreys(read(file).image(), samples, 16, s -> scaled(4095 - s, 12));
    }

    @ParameterizedTest
    @CsvSource({"UNDEFINED, " + SyntheticDicom.EXPLICIT, "DEFINED, " + SyntheticDicom.IMPLICIT,
        "UNDEFINED, " + SyntheticDicom.BIG_ENDIAN})
    void lookupTables(Length length, String syntax) throws IOException {
        int[] samples = samples(12);
        int[] squares = IntStream.range(0, 1000).map(i -> i * i / 1000).toArray();
        SyntheticDicom file = SyntheticDicom.of(syntax, WIDTH, HEIGHT, 16, 12).samples(samples);
        file.sequence(0x00283010, length, file.item().word(0x00283002, 1000, 500, 10).words(0x00283006, squares)
                .text(0x00283003, "LO", "PLANTEDCOMMENT"), file.item().word(0x00283002, 1, 0, 16).words(0x00283006, 3));
        IntUnaryOperator table = s -> squares[Math.clamp(s - 500, 0, 999)];
        assertGreys(read(file).image(), samples, 16, s -> scaled(table.applyAsInt(s), 10));
        file.without(0x00283010).sequence(0x00283000, length,
                file.item().word(0x00283002, 1000, 500, 10).words(0x00283006, squares));
        assertGreys(read(file).image(), samples, 16, s -> scaled(table.applyAsInt(s), 10));
    }

    @Test
    void calibratedSpacingComesFirstAndSenselessOneIsNone() throws IOException {
        SyntheticDicom file = SyntheticDicom.of(SyntheticDicom.EXPLICIT, WIDTH, HEIGHT, 16, 12).samples(samples(12))
                .text(0x00280030, "DS", "0.1\\0.1");
        assertThat(read(file).spacing()).contains(new PixelSpacing(0.1, 0.1, PixelSpacing.Plane.CALIBRATED));
        file.text(0x00280030, "DS", "0\\0").without(0x00181164);
        assertThat(read(file).spacing()).isEmpty();
    }
}
