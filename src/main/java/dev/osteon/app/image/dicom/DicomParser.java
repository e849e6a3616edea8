package dev.osteon.app.image.dicom;

import java.io.BufferedInputStream;
import java.io.ByteArrayOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.util.EnumSet;
import java.util.Optional;
import java.util.Set;
import java.util.zip.Inflater;
import java.util.zip.InflaterInputStream;
import java.util.zip.ZipException;

/**
 * Reads a DICOM Part 10 file (PS3.10; data elements as in PS3.5, section 7) up to its pixels. What is not asked for is
 * skipped, nested data sets with it.
 */
final class DicomParser {
    private static final int PREAMBLE = 128 + 4;
    private static final int META_GROUP = 0x0002;
    private static final int PIXEL_DATA = 0x7FE0_0010;
    private static final int ITEM = 0xFFFE_E000;
    private static final int ITEM_END = 0xFFFE_E00D;
    private static final int SEQUENCE_END = 0xFFFE_E0DD;
    private static final long UNDEFINED = 0xFFFF_FFFFL;
    /** Value representations whose length has four bytes, and those whose length has two (PS3.5, 7.1.2). */
    private static final Set<String> LONG_VRS =
            Set.of("OB", "OD", "OF", "OL", "OV", "OW", "SQ", "SV", "UC", "UN", "UR", "UT", "UV");
    private static final Set<String> SHORT_VRS = Set.of("AE", "AS", "AT", "CS", "DA", "DS", "DT", "FD", "FL", "IS",
            "LO", "LT", "PN", "SH", "SL", "SS", "ST", "TM", "UI", "UL", "US");
    /** Nesting in real files stays below ten; the limit keeps a hostile one off the stack. */
    private static final int DEEPEST = 32;

    private final Set<Element> wanted;
    private final ByteInput in;
    private final boolean explicit;

    private DicomParser(ByteInput in, boolean explicit, Set<Element> wanted) {
        this.in = in;
        this.explicit = explicit;
        this.wanted = wanted;
    }

    /**
     * A file's header and pixels.
     *
     * @param patientId as it lies in the file; empty unless asked for
     * @param frame the samples as they lie in the file, or the frame's compressed stream
     * @param words whether uncompressed samples are words of the file's byte order, not bytes
     */
    record Parsed(DicomHeader header, Optional<byte[]> patientId, byte[] frame, boolean words) {}

    /** A data element's beginning. A VR that is not in the file is blank. */
    private record Start(int tag, String vr, long length) {}

    static Parsed parse(InputStream file, Set<Element> wanted) throws IOException, DicomException {
        InputStream buffered = new BufferedInputStream(file, 1 << 16);
        buffered.skipNBytes(PREAMBLE);
        TransferSyntax syntax = meta(buffered);
        if (syntax != TransferSyntax.DEFLATED) {
            return parse(buffered, syntax, wanted);
        }
        try (Inflater inflater = new Inflater(true)) {
            return parse(new BufferedInputStream(new InflaterInputStream(buffered, inflater)), syntax, wanted);
        } catch (ZipException e) {
            throw new DicomException("its deflated data are damaged; replace the file");
        } catch (EOFException e) {
            throw ByteInput.ended();
        }
    }

    private static Parsed parse(InputStream data, TransferSyntax syntax, Set<Element> wanted)
            throws IOException, DicomException {
        ByteInput in = ByteInput.of(data, syntax);
        return new DicomParser(in, syntax != TransferSyntax.IMPLICIT_LITTLE_ENDIAN, wanted).dataSet(syntax);
    }

    /** Reads the file meta information, which is always explicit VR little endian, and stops before the data set. */
    private static TransferSyntax meta(InputStream file) throws IOException, DicomException {
        DicomParser parser = new DicomParser(ByteInput.littleEndian(file), true, EnumSet.of(Element.TRANSFER_SYNTAX));
        Elements found = new Elements(false);
        while (nextGroup(file) == META_GROUP) {
            parser.element(parser.start(), found, 0);
        }
        return TransferSyntax.of(found.text(Element.TRANSFER_SYNTAX).orElseThrow(() -> new DicomException(
                "Transfer Syntax UID is missing; expected a DICOM Part 10 file")));
    }

    private static int nextGroup(InputStream file) throws IOException {
        file.mark(2);
        int group = file.read() | file.read() << 8;
        file.reset();
        return group;
    }

    private Parsed dataSet(TransferSyntax syntax) throws IOException, DicomException {
        Elements found = new Elements(in.bigEndian());
        while (true) {
            if (in.isAtEnd()) {
                throw new DicomException("holds no picture (no Pixel Data), or is truncated; expected a single "
                        + "radiograph");
            }
            Start start = start();
            if (start.tag == PIXEL_DATA) {
                DicomHeader header = DicomHeader.of(syntax, found);
                byte[] frame = syntax.coding() == TransferSyntax.Coding.NATIVE ? samples(header, start)
                        : fragments(header, start);
                return new Parsed(header, found.trimmed(Element.PATIENT_ID), frame, !start.vr.equals("OB"));
            }
            element(start, found, 0);
        }
    }

    private Start start() throws IOException, DicomException {
        int tag = in.tag();
        if (tag >>> 16 == 0xFFFE || !explicit) {
            return new Start(tag, "", in.u32());
        }
        String vr = in.vr();
        if (SHORT_VRS.contains(vr)) {
            return new Start(tag, vr, in.u16());
        }
        if (!LONG_VRS.contains(vr)) {
            throw damaged();
        }
        in.skip(2);
        return new Start(tag, vr, in.u32());
    }

    /** Keeps the element in {@code found} where it is asked for, or else skips it. */
    private void element(Start start, Elements found, int depth) throws IOException, DicomException {
        Element element = Element.of(start.tag).filter(wanted::contains).orElse(null);
        if (element != null && element.isSequence()) {
            firstItem(start, element, found, depth);
        } else if (start.length == UNDEFINED) {
            skipItems(start, depth);
        } else if (element == null) {
            in.skip(start.length);
        } else if (start.length > element.longest()) {
            throw new DicomException("%s has %d bytes: expected at most %d".formatted(element.title(), start.length,
                    element.longest()));
        } else {
            found.put(element, in.value((int) start.length));
        }
    }

    private void firstItem(Start sequence, Element element, Elements found, int depth)
            throws IOException, DicomException {
        long end = sequence.length == UNDEFINED ? Long.MAX_VALUE : in.position() + sequence.length;
        while (in.position() < end) {
            Start item = start();
            if (item.tag == SEQUENCE_END) {
                return;
            }
            Elements values = new Elements(in.bigEndian());
            item(item, values, depth + 1);
            found.putItem(element, values);
        }
    }

    private void item(Start item, Elements values, int depth) throws IOException, DicomException {
        if (item.tag != ITEM || depth > DEEPEST) {
            throw damaged();
        }
        long end = item.length == UNDEFINED ? Long.MAX_VALUE : in.position() + item.length;
        while (in.position() < end) {
            Start start = start();
            if (start.tag == ITEM_END) {
                return;
            }
            element(start, values, depth);
        }
    }

    /** Skips the items of an element of undefined length: a sequence, or fragments of bytes. */
    private void skipItems(Start element, int depth) throws IOException, DicomException {
        // An element of unknown VR and undefined length is coded as implicit VR little endian (PS3.5, 6.2.2, note 2).
        DicomParser inside = element.vr.equals("UN") && explicit ? new DicomParser(in, false, Set.of())
                : new DicomParser(in, explicit, Set.of());
        while (true) {
            Start item = start();
            if (item.tag == SEQUENCE_END) {
                return;
            }
            if (item.tag == ITEM && item.length != UNDEFINED) {
                in.skip(item.length);
            } else {
                inside.item(item, new Elements(in.bigEndian()), depth + 1);
            }
        }
    }

    private byte[] samples(DicomHeader header, Start start) throws IOException, DicomException {
        int expected = header.pixels() * (header.bitsAllocated() / 8);
        if (start.length == UNDEFINED || start.length < expected) {
            throw new DicomException("its pixel data are too short for %d rows and %d columns; replace the file"
                    .formatted(header.rows(), header.columns()));
        }
        return in.bytes((int) Math.min(start.length, expected + expected % 2));   // an odd number is padded
    }

    /** Joins the fragments of the one frame; the offset table before them says nothing new of a single one. */
    private byte[] fragments(DicomHeader header, Start start) throws IOException, DicomException {
        if (start.length != UNDEFINED) {
            throw new DicomException("its compressed pixel data are not in fragments; replace the file");
        }
        // Noise can grow by lossless coding, but never twofold.
        long most = 4L * header.pixels() + 65536;
        ByteArrayOutputStream frame = new ByteArrayOutputStream();
        boolean offsets = true;
        while (true) {
            Start item = start();
            if (item.tag == SEQUENCE_END) {
                return frame.toByteArray();
            }
            if (item.tag != ITEM || item.length + frame.size() > most) {
                throw damaged();
            }
            if (offsets) {
                in.skip(item.length);
                offsets = false;
            } else {
                frame.writeBytes(in.bytes((int) item.length));
            }
        }
    }

    private static DicomException damaged() {
        return new DicomException("damaged (its data elements do not follow each other); replace the file");
    }
}
