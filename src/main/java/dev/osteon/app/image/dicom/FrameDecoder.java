package dev.osteon.app.image.dicom;

import java.awt.image.Raster;
import java.io.IOException;
import java.util.Iterator;
import java.util.Locale;
import java.util.concurrent.atomic.AtomicBoolean;
import javax.imageio.ImageIO;
import javax.imageio.ImageReader;
import javax.imageio.stream.ImageInputStream;
import jj2000.j2k.util.FacilityManager;
import jj2000.j2k.util.MsgLogger;

/** From a frame's bytes to its samples, as wide as they are allocated. */
final class FrameDecoder {
    private static final int BASELINE = 0;
    private static final int EXTENDED = 1;
    private static final int LOSSLESS = 3;
    /** Pixels per byte that no coding exceeds; a header that claims more is damaged, and is not allocated for. */
    private static final long LARGEST_RATIO = 4096;

    /** Said of whole and of damaged files alike: a codec does not tell which it is. */
    static final String OUT_OF_MEMORY = "needs more memory than the Java heap has, or is damaged; raise the heap's "
            + "size or replace the file";

    private FrameDecoder() {
    }

    /** @return {@code rows * columns} samples, with whatever lies beside their stored bits */
    static short[] decode(DicomParser.Parsed file) throws DicomException {
        DicomHeader header = file.header();
        byte[] frame = file.frame();
        if (header.pixels() > LARGEST_RATIO * Math.max(1024, frame.length)) {
            throw Codestream.damaged("compressed pixel");
        }
        return switch (header.syntax().coding()) {
            case NATIVE -> samples(file);
            case RLE -> RleLossless.decode(frame, header.pixels(), header.bitsAllocated() / 8);
            case JPEG -> {
                Codestream stream = Codestream.jpeg(frame, BASELINE, EXTENDED);
                stream.check(header);
                if (stream.precision() != 8) {
                    throw new DicomException("its JPEG picture has " + stream.precision() + " bits, of which 8 are "
                            + "supported; convert the file, for instance with gdcmconv --raw");
                }
                yield decode(header, frame, "JPEG", "com.sun.imageio.");
            }
            case JPEG_LOSSLESS -> {
                Codestream.jpeg(frame, LOSSLESS).check(header);
                yield decode(header, frame, "JPEG", "com.twelvemonkeys.");
            }
            case JPEG_2000 -> {
                Codestream.jpeg2000(frame).check(header);
                yield jpeg2000(header, frame);
            }
        };
    }

    private static short[] samples(DicomParser.Parsed file) {
        byte[] bytes = file.frame();
        short[] samples = new short[file.header().pixels()];
        boolean bigEndian = file.header().syntax() == TransferSyntax.EXPLICIT_BIG_ENDIAN;
        if (file.header().bitsAllocated() == 8) {
            // Two samples of 8 bits in a word of the other byte order lie swapped (PS3.5, 8.1.1).
            int swap = bigEndian && file.words() ? 1 : 0;
            for (int i = 0; i < samples.length; i++) {
                int at = i ^ swap;
                samples[i] = (short) (bytes[at < bytes.length ? at : i] & 0xFF);
            }
            return samples;
        }
        for (int i = 0; i < samples.length; i++) {
            int high = bytes[2 * i + (bigEndian ? 0 : 1)];
            int low = bytes[2 * i + (bigEndian ? 1 : 0)] & 0xFF;
            samples[i] = (short) (high << 8 | low);
        }
        return samples;
    }

    private static short[] jpeg2000(DicomHeader header, byte[] frame) throws DicomException {
        Thread thread = Thread.currentThread();
        TruncationListener listener = new TruncationListener();
        FacilityManager.registerMsgLogger(thread, listener);
        try {
            short[] samples = decode(header, frame, "JPEG 2000", "com.github.jaiimageio.");
            if (listener.truncated.get()) {
                throw Codestream.damaged("JPEG 2000");
            }
            return samples;
        } finally {
            FacilityManager.unregisterMsgLogger(thread);
        }
    }

    /** @param provider beginning of the class name of the codec, as several may know a format */
    private static short[] decode(DicomHeader header, byte[] frame, String format, String provider)
            throws DicomException {
        ImageReader reader = reader(format, provider);
        try (ImageInputStream stream = new FrameStream(frame)) {
            reader.setInput(stream, true, true);
            Raster raster = reader.read(0).getRaster();
            if (raster.getWidth() != header.columns() || raster.getHeight() != header.rows()) {
                throw Codestream.damaged(format);
            }
            return samples(raster);
        } catch (LinkageError e) {
            throw e;   // says nothing of the file
        } catch (OutOfMemoryError e) {
            throw new DicomException(OUT_OF_MEMORY);
        } catch (IOException | RuntimeException | Error e) {
            // On hostile streams the codecs throw anything, plain Errors too. What they say may hold text of the file.
            throw Codestream.damaged(format);
        } finally {
            reader.dispose();
        }
    }

    private static ImageReader reader(String format, String provider) {
        Iterator<ImageReader> readers = ImageIO.getImageReadersByFormatName(format);
        while (readers.hasNext()) {
            ImageReader reader = readers.next();
            if (reader.getOriginatingProvider().getClass().getName().startsWith(provider)) {
                return reader;
            }
        }
        throw new IllegalStateException("no " + format + " codec of " + provider + " on the class path");
    }

    private static short[] samples(Raster raster) {
        int width = raster.getWidth();
        short[] samples = new short[width * raster.getHeight()];
        int[] row = new int[width];
        for (int y = 0; y < raster.getHeight(); y++) {
            raster.getSamples(raster.getMinX(), raster.getMinY() + y, width, 1, 0, row);
            for (int x = 0; x < width; x++) {
                samples[y * width + x] = (short) row[x];
            }
        }
        return samples;
    }

    /** Keeps the JPEG 2000 codec from printing, and notes that it filled up a picture. */
    private static final class TruncationListener implements MsgLogger {
        private final AtomicBoolean truncated = new AtomicBoolean();

        @Override
        public void printmsg(int severity, String message) {
            String lower = message.toLowerCase(Locale.ROOT);
            if (severity >= WARNING && (lower.contains("truncated") || lower.contains("eoc marker"))) {
                truncated.set(true);
            }
        }

        @Override
        public void println(String text, int firstIndent, int indent) {
            // not for the console
        }

        @Override
        public void flush() {
            // holds nothing back
        }
    }
}
