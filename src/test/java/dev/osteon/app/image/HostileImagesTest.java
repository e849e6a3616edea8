package dev.osteon.app.image;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import java.util.zip.CRC32;
import java.util.zip.Deflater;
import java.util.zip.DeflaterOutputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

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

    private String reason(byte[] content) throws IOException {
        Path file = Files.write(folder.resolve("image"), content);
        return catchThrowableOfType(UnreadableImageException.class, () -> ImageFiles.read(file)).getMessage();
    }

    @Test
    void aTruncatedDeflatedFileIsNotTakenForOneWithoutPermission() throws IOException {
        byte[] whole = dicom(SyntheticDicom.DEFLATED).samples(new int[SIDE * SIDE]).write();
        assertThat(reason(Arrays.copyOf(whole, whole.length - 20))).contains("truncated");
    }

    @Test
    void aFileWithoutAPictureSaysSo() throws IOException {
        byte[] whole = dicom(SyntheticDicom.EXPLICIT).samples(new int[SIDE * SIDE]).write();
        assertThat(reason(Arrays.copyOf(whole, whole.length - 2 * SIDE * SIDE - 12))).contains("holds no picture");
    }

    /** Elements that are read, one after the other, deflated to a thousandth. */
    @Test
    @Timeout(60)
    void aHeaderWithoutEndIsRefused() throws IOException {
        ByteArrayOutputStream file = new ByteArrayOutputStream();
        file.writeBytes(new byte[128]);
        file.writeBytes("DICM\2\0\20\0UI\26\0".getBytes(StandardCharsets.ISO_8859_1));
        file.writeBytes(SyntheticDicom.DEFLATED.getBytes(StandardCharsets.ISO_8859_1));
        byte[] element = Arrays.copyOf("\50\0\120\20DS\0\4".getBytes(StandardCharsets.ISO_8859_1), 8 + 1024);
        try (DeflaterOutputStream deflated = new DeflaterOutputStream(file, new Deflater(1, true))) {
            for (int i = 0; i < 300 << 10; i++) {
                deflated.write(element);
            }
        }
        assertThat(reason(file.toByteArray())).contains("larger than 256 MiB");
    }

    private static byte[] jpeg(String... segments) {
        return HexFormat.of().parseHex("ffd8" + String.join("", segments) + "ffda0008010100003f00" + "00".repeat(16));
    }

    @Test
    void jpegOfTwelveBitsIsNotCalledDamaged() throws IOException {
        byte[] frame = jpeg("ffc1000b0c" + "0018".repeat(2) + "01011100");
        assertThat(reason(dicom("1.2.840.10008.1.2.4.51").frame("OB", frame).write()))
                .contains("12 bits, of which 8 are supported");
    }

    /** The codec must not find another picture than the one whose size was checked. */
    @Test
    void jpegOfTwoFramesIsDamaged() throws IOException {
        String small = "ffc3000b0c" + "0018".repeat(2) + "01011100";
        String large = "ffc3000b0c" + "ffff".repeat(2) + "01011100";
        assertThat(reason(dicom(SyntheticDicom.JPEG_LOSSLESS).frame("OB", jpeg(small, large)).write()))
                .contains("JPEG data are truncated or damaged");
    }

    /** Each of them costs a pass over all pixels, and 31 bytes. */
    @Test
    @Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
    void aJpegOfThousandsOfScansIsRefused() throws IOException {
        byte[] picture = FrameEncoders.progressiveJpeg(1024);
        int scan = picture.length - 2;
        while (picture[scan] != (byte) 0xFF || picture[scan + 1] != (byte) 0xDA) {
            scan--;
        }
        ByteArrayOutputStream file = new ByteArrayOutputStream();
        file.write(picture, 0, picture.length - 2);
        for (int i = 0; i < 20_000; i++) {
            file.write(picture, scan, picture.length - 2 - scan);
        }
        file.write(picture, picture.length - 2, 2);
        assertThat(isRead(picture)).isTrue();
        assertThat(reason(file.toByteArray())).contains("scans");
    }

    private static byte[] jpeg2000() throws IOException {
        return FrameEncoders.jpeg2000(IntStream.range(0, SIDE * SIDE).map(i -> i * 37 % 4096).toArray(), SIDE, 12);
    }

    /** Two bytes of ones are a packet header without an end to the codec, wherever the second one comes from. */
    @Test
    @Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
    void onesAtTheEndOfPacketsAreDamage() throws IOException {
        byte[] frame = jpeg2000();
        int end = frame.length - 2 - (frame[frame.length - 1] == 0 ? 1 : 0);
        frame[end - 1] = (byte) 0xFF;
        assertThat(reason(dicom(SyntheticDicom.JPEG_2000).frame("OB", frame).write()))
                .contains("JPEG 2000 data are truncated or damaged");
    }

    @Test
    @Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
    void packetMarkersThatTheCodingStyleDoesNotHaveAreDamage() throws IOException {
        byte[] frame = jpeg2000();
        int middle = frame.length / 2;
        System.arraycopy(HexFormat.of().parseHex("ff91ffffffff"), 0, frame, middle, 6);
        assertThat(reason(dicom(SyntheticDicom.JPEG_2000).frame("OB", frame).write()))
                .contains("JPEG 2000 data are truncated or damaged");
    }

    /** Where the first tile lies behind the picture, the codec makes room for tiles without number. */
    @ParameterizedTest
    @ValueSource(ints = {32, 36})
    @Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
    void tilesThatDoNotCoverThePictureAreDamage(int offset) throws IOException {
        byte[] frame = jpeg2000();
        frame[offset + 2] = (byte) 0xFF;
        assertThat(reason(dicom(SyntheticDicom.JPEG_2000).frame("OB", frame).write()))
                .contains("JPEG 2000 data are truncated or damaged");
    }

    private static final int[] WORDS = {0, 1, 2, 3, 7, 8, 9, 12, 15, 16, 17, 24, 255, 256, 4096, 32767, 32768, 65535};
    private static final List<String> TEXTS = List.of("", "0", "1", "-1", "1e308", "-1e308", "1e999", "0.5\\\\2",
            "\\", "MONOCHROME1", "SIGMOID", "LINEAR_EXACT", "NO", "PLANTEDNAME", ".", "65535", "-0");
    private static final int[] NUMBERS = {0x00280002, 0x00280010, 0x00280011, 0x00280100, 0x00280101, 0x00280102,
        0x00280103};
    private static final int[] STRINGS = {0x00280004, 0x00280008, 0x00280030, 0x00280301, 0x00281050, 0x00281051,
        0x00281052, 0x00281053, 0x00281056, 0x00181164};

    /** Files that are whole and whose elements contradict each other, which changed bytes seldom give. */
    @ParameterizedTest
    @ValueSource(strings = {SyntheticDicom.EXPLICIT, SyntheticDicom.IMPLICIT, SyntheticDicom.BIG_ENDIAN,
        SyntheticDicom.DEFLATED, SyntheticDicom.RLE, SyntheticDicom.JPEG_LOSSLESS, SyntheticDicom.JPEG_2000})
    @Timeout(120)
    void senselessElements(String syntax) throws IOException {
        int[] samples = IntStream.range(0, SIDE * SIDE).map(i -> i * 37 % 4096).toArray();
        byte[] frame = switch (syntax) {
            case SyntheticDicom.RLE -> FrameEncoders.rle(samples, 2);
            case SyntheticDicom.JPEG_LOSSLESS -> FrameEncoders.jpegLossless(samples, SIDE, 12);
            case SyntheticDicom.JPEG_2000 -> FrameEncoders.jpeg2000(samples, SIDE, 12);
            default -> new byte[0];
        };
        Random random = new Random(syntax.hashCode());
        int read = 0;
        for (int round = 0; round < 400; round++) {
            SyntheticDicom file = dicom(syntax);
            file = frame.length == 0 ? file.samples(samples) : file.frame("OB", frame);
            for (int changes = 1 + random.nextInt(3); changes > 0; changes--) {
                int word = WORDS[random.nextInt(WORDS.length)];
                switch (random.nextInt(4)) {
                    case 0 -> file.word(NUMBERS[random.nextInt(NUMBERS.length)], word);
                    case 1 -> file.text(STRINGS[random.nextInt(STRINGS.length)], "LO",
                            TEXTS.get(random.nextInt(TEXTS.size())));
                    case 2 -> file.without(NUMBERS[random.nextInt(NUMBERS.length)]);
                    default -> file.sequence(random.nextBoolean() ? 0x00283000 : 0x00283010,
                            SyntheticDicom.Length.values()[random.nextInt(2)], file.item()
                                    .word(0x00283002, word, WORDS[random.nextInt(WORDS.length)],
                                            WORDS[random.nextInt(WORDS.length)])
                                    .words(0x00283006, new int[random.nextInt(300)]));
                }
            }
            read += isRead(file.write()) ? 1 : 0;
        }
        assertThat(read).isBetween(1, 399);
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
