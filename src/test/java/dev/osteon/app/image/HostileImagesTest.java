package dev.osteon.app.image;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Random;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import java.util.zip.CRC32;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Truncated and damaged files give a picture or one line, and print nothing. */
class HostileImagesTest {
    private static final int SIDE = 24;

    @TempDir
    Path folder;

    private record Sample(String name, byte[] content) {
        @Override
        public String toString() {
            return name;
        }
    }

    static Stream<Sample> files() throws IOException {
        int[] samples = IntStream.range(0, SIDE * SIDE).map(i -> (i * 37 + i / SIDE * 11) % 4096).toArray();
        int[] wide = IntStream.of(samples).map(s -> s * 16).toArray();
        int[] bytes = IntStream.of(samples).map(s -> s >> 4).toArray();
        return Stream.of(
                new Sample("explicit", dicom(SyntheticDicom.EXPLICIT).samples(samples).write()),
                new Sample("implicit", dicom(SyntheticDicom.IMPLICIT).samples(samples).write()),
                new Sample("big endian", dicom(SyntheticDicom.BIG_ENDIAN).samples(samples).write()),
                new Sample("deflated", dicom(SyntheticDicom.DEFLATED).samples(samples).write()),
                new Sample("RLE", dicom(SyntheticDicom.RLE).frame("OB", FrameEncoders.rle(samples, 2)).write()),
                new Sample("JPEG lossless", dicom(SyntheticDicom.JPEG_LOSSLESS)
                        .frame("OB", FrameEncoders.jpegLossless(samples, SIDE, 12)).write()),
                new Sample("JPEG 2000", dicom(SyntheticDicom.JPEG_2000)
                        .frame("OB", FrameEncoders.jpeg2000(samples, SIDE, 12)).write()),
                new Sample("PNG", FrameEncoders.encoded(FrameEncoders.picture(wide, SIDE, 16), "png")),
                new Sample("TIFF", FrameEncoders.encoded(FrameEncoders.picture(wide, SIDE, 16), "tif")),
                new Sample("JPEG", FrameEncoders.encoded(FrameEncoders.picture(bytes, SIDE, 8), "jpg")));
    }

    private static SyntheticDicom dicom(String syntax) {
        SyntheticDicom file = SyntheticDicom.of(syntax, SIDE, SIDE, 16, 12).text(0x00281050, "DS", "2000")
                .text(0x00281051, "DS", "4000");
        return file.sequence(0x00283010, SyntheticDicom.Length.UNDEFINED,
                file.item().word(0x00283002, 4, 0, 16).words(0x00283006, 1, 2, 3, 4));
    }

    private boolean isRead(byte[] content) throws IOException {
        Path file = Files.write(folder.resolve("image"), content);
        PrintStream err = System.err;
        PrintStream out = System.out;
        ByteArrayOutputStream printed = new ByteArrayOutputStream();
        PrintStream listener = new PrintStream(printed, true, StandardCharsets.UTF_8);
        System.setErr(listener);
        System.setOut(listener);
        try {
            ImageFiles.read(file);
            return true;
        } catch (UnreadableImageException e) {
            assertThat(e.getMessage()).startsWith("cannot read image " + file).hasLineCount(1)
                    .doesNotContain("PLANTED", SyntheticDicom.PATIENT_ID);
            assertThat(e.getMessage().length()).isLessThan(file.toString().length() + 300);
            return false;
        } finally {
            System.setErr(err);
            System.setOut(out);
            assertThat(printed.toString(StandardCharsets.UTF_8)).isEmpty();
        }
    }

    @ParameterizedTest
    @MethodSource("files")
    @Timeout(120)
    void truncated(Sample sample) throws IOException {
        byte[] whole = sample.content;
        assertThat(isRead(whole)).isTrue();
        int step = Math.max(1, whole.length / 400);
        for (int length = 0; length < whole.length; length += step) {
            boolean read = isRead(Arrays.copyOf(whole, length));
            // The ends of files of other formats hold nothing of the picture.
            assertThat(read && length < whole.length * 0.9).as("%d of %d bytes", length, whole.length).isFalse();
        }
    }

    @ParameterizedTest
    @MethodSource("files")
    @Timeout(120)
    void damaged(Sample sample) throws IOException {
        Random random = new Random(1);
        int unread = 0;
        for (int round = 0; round < 600; round++) {
            byte[] damaged = sample.content.clone();
            int from = round % 2 == 0 ? 0 : Math.max(0, damaged.length - SIDE * SIDE * 2);
            for (int i = 0; i <= round % 4; i++) {
                int at = from + random.nextInt(damaged.length - from);
                damaged[at] = (byte) (round % 3 == 0 ? 0xFF : random.nextInt(256));
            }
            unread += isRead(damaged) ? 0 : 1;
        }
        assertThat(unread).isPositive();
    }

    @Test
    @Timeout(60)
    void enormousSizesAreRefusedBeforeAnythingIsAllocated() throws IOException {
        byte[] png = FrameEncoders.encoded(FrameEncoders.picture(new int[SIDE * SIDE], SIDE, 16), "png");
        Arrays.fill(png, 16, 24, (byte) 0x3F);
        CRC32 crc = new CRC32();
        crc.update(png, 12, 17);
        for (int i = 0; i < 4; i++) {
            png[29 + i] = (byte) (crc.getValue() >> 8 * (3 - i));
        }
        Path file = Files.write(folder.resolve("image.png"), png);
        assertThatThrownBy(() -> ImageFiles.read(file)).hasMessageContaining("pixels: expected at most");
    }

    @Test
    @Timeout(60)
    void deepNestingAndEndlessLengthsAreDamage() throws IOException {
        SyntheticDicom file = SyntheticDicom.of(SyntheticDicom.EXPLICIT, SIDE, SIDE, 16, 12)
                .samples(new int[SIDE * SIDE]);
        SyntheticDicom inner = file.item();
        for (int depth = 0; depth < 60; depth++) {
            inner = file.item().sequence(0x00089999, SyntheticDicom.Length.UNDEFINED, inner);
        }
        file.sequence(0x00089999, SyntheticDicom.Length.UNDEFINED, inner);
        assertThat(isRead(file.write())).isFalse();
    }
}
