package dev.osteon.app.image.dicom;

import javax.imageio.stream.ImageInputStreamImpl;

/**
 * A frame's bytes for a codec. Reading on past the end is an unchecked {@link Ended}: codecs that take -1 for data
 * would go on for ever, and others print the stack of an IOException before they pass it on.
 */
final class FrameStream extends ImageInputStreamImpl {
    /** The frame is shorter than what it holds. */
    static final class Ended extends RuntimeException {
        private static final long serialVersionUID = 1L;
    }

    private final byte[] frame;

    FrameStream(byte[] frame) {
        this.frame = frame;
    }

    @Override
    public int read() {
        bitOffset = 0;
        if (streamPos >= frame.length) {
            throw new Ended();
        }
        return frame[(int) streamPos++] & 0xFF;
    }

    @Override
    public int read(byte[] target, int offset, int length) {
        bitOffset = 0;
        if (streamPos >= frame.length && length > 0) {
            throw new Ended();
        }
        int count = (int) Math.min(length, frame.length - streamPos);
        System.arraycopy(frame, (int) streamPos, target, offset, count);
        streamPos += count;
        return count;
    }

    @Override
    public long length() {
        return frame.length;
    }
}
