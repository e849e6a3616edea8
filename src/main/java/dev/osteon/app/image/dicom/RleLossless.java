package dev.osteon.app.image.dicom;

/** DICOM's run length coding (PS3.5, annex G): a sample's bytes in segments of their own, the highest byte first. */
final class RleLossless {
    private static final int HEADER = 64;

    private RleLossless() {
    }

    /**
     * @param bytes per sample, 1 or 2
     * @return {@code pixels} samples
     */
    static short[] decode(byte[] frame, int pixels, int bytes) throws DicomException {
        if (frame.length < HEADER || number(frame, 0) != bytes) {
            throw damaged();
        }
        short[] samples = new short[pixels];
        for (int segment = 0; segment < bytes; segment++) {
            long from = number(frame, 4 + 4 * segment);
            if (from < HEADER || from > frame.length) {
                throw damaged();
            }
            decodeSegment(frame, (int) from, samples);
        }
        return samples;
    }

    /** Moves every sample up by a byte and puts the segment's byte below. */
    private static void decodeSegment(byte[] frame, int from, short[] samples) throws DicomException {
        int in = from;
        int out = 0;
        while (out < samples.length) {
            int control = in < frame.length ? frame[in++] : Byte.MIN_VALUE;
            int count = control >= 0 ? control + 1 : 1 - control;
            int needed = control >= 0 ? count : 1;
            if (control == Byte.MIN_VALUE && in < frame.length) {
                continue;   // means nothing, by G.3.1
            }
            if (in + needed > frame.length) {
                throw damaged();
            }
            for (int i = 0; i < count && out < samples.length; i++, out++) {
                int value = frame[control >= 0 ? in + i : in] & 0xFF;
                samples[out] = (short) (samples[out] << 8 | value);
            }
            in += needed;
        }
    }

    private static long number(byte[] frame, int at) {
        return frame[at] & 0xFF | (frame[at + 1] & 0xFF) << 8 | (frame[at + 2] & 0xFF) << 16
                | (frame[at + 3] & 0xFFL) << 24;
    }

    private static DicomException damaged() {
        return new DicomException("its run length coded pixels are damaged; replace the file");
    }
}
