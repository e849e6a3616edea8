package dev.osteon.app.image.dicom;

import java.util.stream.IntStream;

/**
 * What a compressed frame says of itself, read before a codec allocates for it.
 *
 * @param width pixels
 * @param height pixels
 * @param components samples per pixel
 * @param precision bits per sample
 */
record Codestream(int width, int height, int components, int precision) {
    private static final int START_OF_SCAN = 0xDA;
    private static final int MOST_TILES = 65535;   // ISO/IEC 15444-1, B.3
    private static final int CODING_STYLE = 0xFF52;
    private static final int START_OF_TILE_PART = 0xFF90;
    private static final int START_OF_DATA = 0xFF93;
    private static final int PACKED_MAIN = 0xFF60;
    private static final int PACKED_TILE_PART = 0xFF61;
    private static final int START_OF_PACKET = 0xFF91;
    private static final int END_OF_PACKET_HEADER = 0xFF92;
    private static final int END_OF_CODESTREAM = 0xFFD9;

    /**
     * Reads a JPEG's one start of frame before its first scan (ITU-T T.81, B.2.2).
     *
     * @param kinds that it may be of: 0 baseline … 3 lossless
     */
    static Codestream jpeg(byte[] stream, int... kinds) throws DicomException {
        int at = 2;
        Codestream found = null;
        while (at + 10 <= stream.length && u8(stream, at) == 0xFF && u16(stream, 0) == 0xFFD8) {
            int marker = u8(stream, at + 1);
            if (marker == 0xFF) {
                at++;   // fill byte
                continue;
            }
            if (marker == START_OF_SCAN && found != null) {
                return found;
            }
            boolean frame = marker >= 0xC0 && marker <= 0xCF && marker != 0xC4 && marker != 0xC8 && marker != 0xCC;
            if (frame && found != null) {
                throw damaged("JPEG");      // the codec may allocate for the other one
            } else if (frame && IntStream.of(kinds).anyMatch(kind -> marker == 0xC0 + kind)) {
                found = new Codestream(u16(stream, at + 7), u16(stream, at + 5), u8(stream, at + 9),
                        u8(stream, at + 4));
            } else if (frame) {
                throw new DicomException("its JPEG frame is not of the kind that its transfer syntax says; replace the "
                        + "file");
            }
            at += 2 + u16(stream, at + 2);
        }
        throw damaged("JPEG");
    }

    /** Reads a JPEG 2000 codestream's image and tile size (ISO/IEC 15444-1, A.5.1). */
    static Codestream jpeg2000(byte[] stream) throws DicomException {
        if (stream.length < 45 || u32(stream, 0) != 0xFF4F_FF51L) {
            throw damaged("JPEG 2000");
        }
        long right = u32(stream, 8);
        long bottom = u32(stream, 12);
        long left = u32(stream, 16);
        long top = u32(stream, 20);
        long tileWidth = u32(stream, 24);
        long tileHeight = u32(stream, 28);
        long tileLeft = u32(stream, 32);
        long tileTop = u32(stream, 36);
        int components = u16(stream, 40);
        if (left >= right || top >= bottom || right > Integer.MAX_VALUE || bottom > Integer.MAX_VALUE || tileWidth < 1
                || tileHeight < 1 || (right / tileWidth + 1) * (bottom / tileHeight + 1) > MOST_TILES) {
            throw damaged("JPEG 2000");
        }
        // The first tile holds the picture's corner (B.3); if not, the codec makes room for tiles without number.
        if (tileLeft > left || tileTop > top || tileLeft + tileWidth <= left || tileTop + tileHeight <= top) {
            throw damaged("JPEG 2000");
        }
        followMarkers(stream);
        return new Codestream((int) (right - left), (int) (bottom - top), components, (u8(stream, 42) & 0x7F) + 1);
    }

    /**
     * Follows the marker segments and tile-parts to the end of the codestream (A.3, A.4). Packet headers outside their
     * packets are refused: the codec reads for ever where they end too early.
     */
    private static void followMarkers(byte[] stream) throws DicomException {
        int at = 2;
        long partEnd = 0;
        boolean packetsAreMarked = false;
        while (at + 12 <= stream.length) {
            int marker = u16(stream, at);
            if (marker == PACKED_MAIN || marker == PACKED_TILE_PART) {
                throw new DicomException("its JPEG 2000 codestream has packed packet headers, which are not supported; "
                        + "convert the file, for instance with gdcmconv --raw");
            } else if (marker == CODING_STYLE) {
                packetsAreMarked |= (u8(stream, at + 4) & 2) != 0;
                at += 2 + u16(stream, at + 2);
            } else if (marker == START_OF_TILE_PART) {
                long length = u32(stream, at + 6);
                boolean last = length == 0;
                int padding = stream[stream.length - 1] == 0 ? 1 : 0;
                partEnd = last ? stream.length - 2 - padding : at + length;
                at += 12;
            } else if (marker == START_OF_DATA) {
                if (partEnd <= at || partEnd + 2 > stream.length) {
                    throw damaged("JPEG 2000");
                }
                checkPackets(stream, at + 2, (int) partEnd, packetsAreMarked);
                at = (int) partEnd;
                if (u16(stream, at) == END_OF_CODESTREAM) {
                    return;
                }
            } else {
                at += 2 + u16(stream, at + 2);
            }
        }
        throw damaged("JPEG 2000");
    }

    /**
     * Packets are stuffed so that no marker but those of a packet's start and header end can appear in them (B.10.1,
     * D.4.1), nor a byte of ones at their end, which the next marker's would follow. The codec reads two bytes of ones
     * as a header without an end.
     *
     * @param marked whether a packet may begin with a marker, by the coding style
     */
    private static void checkPackets(byte[] stream, int from, int to, boolean marked) throws DicomException {
        if (to > from && u8(stream, to - 1) == 0xFF) {
            throw damaged("JPEG 2000");
        }
        for (int at = from; at + 1 < to; at++) {
            int pair = u16(stream, at);
            if (pair == START_OF_PACKET && marked) {
                at += 5;   // with its length and number
            } else if (pair > 0xFF8F && pair != END_OF_PACKET_HEADER) {
                throw damaged("JPEG 2000");
            }
        }
    }

    /** @throws DicomException if the frame is another picture than the header describes */
    void check(DicomHeader header) throws DicomException {
        if (width != header.columns() || height != header.rows() || components != 1 || precision < header.bitsStored()
                || precision > header.bitsAllocated()) {
            throw new DicomException(("its compressed picture has %d x %d pixels of %d x %d bits, its header %d x %d "
                    + "of %d; replace the file").formatted(width, height, components, precision, header.columns(),
                    header.rows(), header.bitsStored()));
        }
    }

    static DicomException damaged(String what) {
        return new DicomException("its " + what + " data are truncated or damaged; replace the file");
    }

    private static int u8(byte[] bytes, int at) {
        return bytes[at] & 0xFF;
    }

    private static int u16(byte[] bytes, int at) {
        return u8(bytes, at) << 8 | u8(bytes, at + 1);
    }

    private static long u32(byte[] bytes, int at) {
        return (long) u16(bytes, at) << 16 | u16(bytes, at + 2);
    }
}
