package dev.osteon.app.image.dicom;

import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;

/** Integers of a byte order and blocks of bytes from a stream. Its end is a {@link DicomException}. */
final class ByteInput {
    /** A header is some kilobytes; the limit bounds what a hostile deflated one can make of a few bytes. */
    private static final long LARGEST_HEADER = 256L << 20;

    private final InputStream in;
    private final boolean bigEndian;
    private long position;

    /** @param in knows {@link InputStream#mark} */
    private ByteInput(InputStream in, boolean bigEndian) {
        this.in = in;
        this.bigEndian = bigEndian;
    }

    static ByteInput littleEndian(InputStream in) {
        return new ByteInput(in, false);
    }

    static ByteInput of(InputStream in, TransferSyntax syntax) {
        return new ByteInput(in, syntax == TransferSyntax.EXPLICIT_BIG_ENDIAN);
    }

    boolean bigEndian() {
        return bigEndian;
    }

    /** Bytes read and skipped so far. */
    long position() {
        return position;
    }

    int u16() throws IOException, DicomException {
        int first = one();
        int second = one();
        return bigEndian ? first << 8 | second : second << 8 | first;
    }

    long u32() throws IOException, DicomException {
        long first = u16();
        long second = u16();
        return bigEndian ? first << 16 | second : second << 16 | first;
    }

    /** A tag: group in the upper 16 bits, element in the lower. */
    int tag() throws IOException, DicomException {
        int group = u16();
        return group << 16 | u16();
    }

    /** Two characters, each 0..255. */
    String vr() throws IOException, DicomException {
        return "" + (char) one() + (char) one();
    }

    private int one() throws IOException, DicomException {
        int value = in.read();
        if (value < 0) {
            throw ended();
        }
        position++;
        return value;
    }

    /** Whether the stream ends here. */
    boolean isAtEnd() throws IOException {
        in.mark(1);
        boolean end = in.read() < 0;
        in.reset();
        return end;
    }

    /** The value of a header's element. */
    byte[] value(int count) throws IOException, DicomException {
        checkHeader(count);
        return bytes(count);
    }

    /** The next bytes; memory grows with what the stream really holds, not with {@code count}. */
    byte[] bytes(int count) throws IOException, DicomException {
        byte[] read = in.readNBytes(count);
        if (read.length < count) {
            throw ended();
        }
        position += count;
        return read;
    }

    void skip(long count) throws IOException, DicomException {
        checkHeader(count);
        position += count;
        try {
            in.skipNBytes(count);
        } catch (EOFException e) {
            throw ended();
        }
    }

    private void checkHeader(long more) throws DicomException {
        if (position + more > LARGEST_HEADER) {
            throw new DicomException("its header is larger than " + (LARGEST_HEADER >> 20) + " MiB; replace the file");
        }
    }

    static DicomException ended() {
        return new DicomException("truncated (the file ends in the middle of a data element); replace the file");
    }
}
