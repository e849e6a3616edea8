package dev.osteon.app.image;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.zip.Deflater;

/**
 * Writes DICOM Part 10 files for tests, with identifiers planted in every place that has one. Elements are given by tag
 * as bytes of the file's byte order; {@link Sequence} values become sequences.
 */
final class SyntheticDicom {
    static final String IMPLICIT = "1.2.840.10008.1.2";
    static final String EXPLICIT = "1.2.840.10008.1.2.1";
    static final String DEFLATED = "1.2.840.10008.1.2.1.99";
    static final String BIG_ENDIAN = "1.2.840.10008.1.2.2";
    static final String RLE = "1.2.840.10008.1.2.5";
    static final String JPEG_BASELINE = "1.2.840.10008.1.2.4.50";
    static final String JPEG_LOSSLESS = "1.2.840.10008.1.2.4.57";
    static final String JPEG_LOSSLESS_SV1 = "1.2.840.10008.1.2.4.70";
    static final String JPEG_2000 = "1.2.840.10008.1.2.4.90";

    static final String PATIENT_ID = "QX-4711-PLANTED";

    /** What must never be seen again. */
    static final List<String> IDENTIFIERS = List.of("PLANTEDNAME", "19580123", PATIENT_ID, "PLANTEDHOSPITAL",
            "PLANTEDACCESSION", "PLANTEDPHYSICIAN", "PLANTEDSTREET", "PLANTEDCOMMENT", "PLANTEDAE", "1.2.3.4711.99");

    private static final Set<String> LONG = Set.of("OB", "OW", "SQ", "UN", "UT");

    private record Value(String vr, byte[] bytes) {}

    private record Sequence(List<SyntheticDicom> items, Length length) {}

    /** Whether sequences and items say how long they are. */
    enum Length { DEFINED, UNDEFINED }

    private final String syntax;
    private final Map<Integer, Object> elements = new TreeMap<>();
    private byte[] pixels = new byte[0];
    private String pixelVr = "OW";

    private SyntheticDicom(String syntax) {
        this.syntax = syntax;
    }

    /** A file of one person's image, still without pixels. */
    static SyntheticDicom of(String syntax, int width, int height, int allocated, int stored) {
        SyntheticDicom file = new SyntheticDicom(syntax);
        file.text(0x00080050, "SH", "PLANTEDACCESSION").text(0x00080080, "LO", "PLANTEDHOSPITAL")
                .text(0x00080018, "UI", "1.2.3.4711.99").text(0x00080090, "PN", "PLANTEDPHYSICIAN^A")
                .text(0x00100010, "PN", "PLANTEDNAME^ANNA").text(0x00100020, "LO", PATIENT_ID)
                .text(0x00100030, "DA", "19580123").text(0x00101040, "LO", "PLANTEDSTREET 1")
                .text(0x00104000, "LT", "PLANTEDCOMMENT").text(0x00204000, "LT", "PLANTEDCOMMENT");
        file.sequence(0x00081110, Length.UNDEFINED, new SyntheticDicom(syntax).text(0x00100010, "PN", "PLANTEDNAME")
                .word(0x00280010, 7).sequence(0x00401101, Length.DEFINED, new SyntheticDicom(syntax)
                        .text(0x00080100, "SH", "PLANTEDNAME")));
        file.sequence(0x00081140, Length.DEFINED, new SyntheticDicom(syntax).word(0x00280011, 9));
        file.word(0x00280002, 1).text(0x00280004, "CS", "MONOCHROME2").word(0x00280010, height)
                .word(0x00280011, width).word(0x00280100, allocated).word(0x00280101, stored)
                .word(0x00280102, stored - 1).word(0x00280103, 0).text(0x00181164, "DS", "0.15\\0.125");
        return file;
    }

    /** A data set for a sequence of this file's. */
    SyntheticDicom item() {
        return new SyntheticDicom(syntax);
    }

    SyntheticDicom text(int tag, String vr, String text) {
        byte[] bytes = text.getBytes(StandardCharsets.ISO_8859_1);
        byte[] even = Arrays.copyOf(bytes, bytes.length + bytes.length % 2);
        if (bytes.length % 2 == 1 && !vr.equals("UI")) {
            even[bytes.length] = ' ';
        }
        elements.put(tag, new Value(vr, even));
        return this;
    }

    SyntheticDicom word(int tag, int... words) {
        elements.put(tag, new Value("US", bytes(words)));
        return this;
    }

    SyntheticDicom words(int tag, int... words) {
        elements.put(tag, new Value("OW", bytes(words)));
        return this;
    }

    SyntheticDicom sequence(int tag, Length length, SyntheticDicom... items) {
        elements.put(tag, new Sequence(List.of(items), length));
        return this;
    }

    SyntheticDicom without(int tag) {
        elements.remove(tag);
        return this;
    }

    /** Uncompressed samples of 16 bits. */
    SyntheticDicom samples(int... samples) {
        pixels = bytes(samples);
        return this;
    }

    /** Uncompressed bytes, or a compressed frame. */
    SyntheticDicom frame(String vr, byte[] bytes) {
        pixelVr = vr;
        pixels = Arrays.copyOf(bytes, bytes.length + bytes.length % 2);
        return this;
    }

    private byte[] bytes(int... words) {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        for (int word : words) {
            number(out, word, 2, syntax.equals(BIG_ENDIAN));
        }
        return out.toByteArray();
    }

    /** The whole file. */
    byte[] write() {
        ByteArrayOutputStream meta = new ByteArrayOutputStream();
        SyntheticDicom about = new SyntheticDicom(EXPLICIT).text(0x00020003, "UI", "1.2.3.4711.99")
                .text(0x00020010, "UI", syntax).text(0x00020016, "AE", "PLANTEDAE");
        about.elements.put(0x00020001, new Value("OB", new byte[] {0, 1}));
        about.dataSet(meta);
        ByteArrayOutputStream data = new ByteArrayOutputStream();
        dataSet(data);
        boolean uncompressed = Set.of(IMPLICIT, EXPLICIT, DEFLATED, BIG_ENDIAN).contains(syntax);
        if (uncompressed) {
            element(data, 0x7FE00010, new Value(pixelVr, pixels));
        } else {
            start(data, 0x7FE00010, "OB", 0xFFFFFFFFL);
            fragment(data, new byte[4]);
            int half = pixels.length / 4 * 2;
            fragment(data, Arrays.copyOf(pixels, half));
            fragment(data, Arrays.copyOfRange(pixels, half, pixels.length));
            start(data, 0xFFFEE0DD, "", 0);
        }
        ByteArrayOutputStream file = new ByteArrayOutputStream();
        byte[] preamble = new byte[132];
        System.arraycopy("PLANTEDNAME".getBytes(StandardCharsets.ISO_8859_1), 0, preamble, 0, 11);
        System.arraycopy("DICM".getBytes(StandardCharsets.ISO_8859_1), 0, preamble, 128, 4);
        file.writeBytes(preamble);
        file.writeBytes(meta.toByteArray());
        file.writeBytes(syntax.equals(DEFLATED) ? deflated(data.toByteArray()) : data.toByteArray());
        return file.toByteArray();
    }

    private static byte[] deflated(byte[] data) {
        Deflater deflater = new Deflater(Deflater.DEFAULT_COMPRESSION, true);
        deflater.setInput(data);
        deflater.finish();
        byte[] buffer = new byte[data.length + 100];
        int length = deflater.deflate(buffer);
        deflater.end();
        return Arrays.copyOf(buffer, length);
    }

    private void dataSet(ByteArrayOutputStream out) {
        elements.forEach((tag, value) -> {
            switch (value) {
                case Value plain -> element(out, tag, plain);
                case Sequence sequence -> sequence(out, tag, sequence);
                default -> throw new AssertionError(value);
            }
        });
    }

    private void element(ByteArrayOutputStream out, int tag, Value value) {
        start(out, tag, value.vr, value.bytes.length);
        out.writeBytes(value.bytes);
    }

    private void sequence(ByteArrayOutputStream out, int tag, Sequence sequence) {
        boolean open = sequence.length == Length.UNDEFINED;
        ByteArrayOutputStream items = new ByteArrayOutputStream();
        for (SyntheticDicom item : sequence.items) {
            ByteArrayOutputStream values = new ByteArrayOutputStream();
            item.dataSet(values);
            start(items, 0xFFFEE000, "", open ? 0xFFFFFFFFL : values.size());
            items.writeBytes(values.toByteArray());
            if (open) {
                start(items, 0xFFFEE00D, "", 0);
            }
        }
        start(out, tag, "SQ", open ? 0xFFFFFFFFL : items.size());
        out.writeBytes(items.toByteArray());
        if (open) {
            start(out, 0xFFFEE0DD, "", 0);
        }
    }

    private void fragment(ByteArrayOutputStream out, byte[] bytes) {
        start(out, 0xFFFEE000, "", bytes.length);
        out.writeBytes(bytes);
    }

    private void start(ByteArrayOutputStream out, int tag, String vr, long length) {
        boolean big = syntax.equals(BIG_ENDIAN);
        number(out, tag >>> 16, 2, big);
        number(out, tag & 0xFFFF, 2, big);
        if (tag >>> 16 == 0xFFFE || syntax.equals(IMPLICIT)) {
            number(out, length, 4, big);
            return;
        }
        out.writeBytes(vr.getBytes(StandardCharsets.ISO_8859_1));
        if (LONG.contains(vr)) {
            number(out, 0, 2, big);
            number(out, length, 4, big);
        } else {
            number(out, length, 2, big);
        }
    }

    private static void number(ByteArrayOutputStream out, long value, int bytes, boolean big) {
        for (int i = 0; i < bytes; i++) {
            out.write((int) (value >> 8 * (big ? bytes - 1 - i : i)));
        }
    }
}
