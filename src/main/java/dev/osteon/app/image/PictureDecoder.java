package dev.osteon.app.image;

import dev.osteon.app.image.dicom.DicomHeader;
import java.awt.color.ColorSpace;
import java.awt.image.BufferedImage;
import java.awt.image.DataBuffer;
import java.awt.image.IndexColorModel;
import java.awt.image.Raster;
import java.awt.image.SampleModel;
import java.io.BufferedInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Iterator;
import java.util.Locale;
import java.util.concurrent.atomic.AtomicBoolean;
import javax.imageio.ImageIO;
import javax.imageio.ImageReader;
import javax.imageio.stream.ImageInputStream;

/** PNG, JPEG and TIFF files to grey, by the JDK's codecs. */
final class PictureDecoder {
    /** No codec shrinks a picture more than this; a file that claims more is damaged, and is not allocated for. */
    private static final long LARGEST_RATIO = 4096;
    /** Scans times pixels of a progressive JPEG: 64 over the largest picture, where encoders write some ten. */
    private static final long MOST_SCANNED = 64L * DicomHeader.MOST_PIXELS;

    private PictureDecoder() {
    }

    /** @throws UnreadableImageException if the file is truncated, or its picture of a kind that is not supported */
    static GrayImage decode(Path file, ImageFormat format) throws IOException {
        ImageReader reader = reader(format);
        try (ImageInputStream stream = ImageIO.createImageInputStream(file.toFile())) {
            if (stream == null) {
                throw new UnreadableImageException(file, "cannot be opened; check its permissions");
            }
            return decode(file, format, reader, stream);
        } catch (UnreadableImageException e) {
            throw e;
        } catch (EOFException e) {
            throw new UnreadableImageException(file, "truncated; replace the file");
        } catch (OutOfMemoryError e) {
            throw new UnreadableImageException(file, "needs more memory than the Java heap has; raise its size");
        } catch (IOException | RuntimeException e) {
            // The codecs throw anything on damaged headers. What they say may hold text of the file: not repeated.
            throw new UnreadableImageException(file, "truncated or damaged; replace the file");
        } finally {
            reader.dispose();
        }
    }

    /** The JDK's own codec: others on the class path know the same formats. */
    private static ImageReader reader(ImageFormat format) {
        Iterator<ImageReader> readers = ImageIO.getImageReadersByFormatName(format.name());
        while (readers.hasNext()) {
            ImageReader reader = readers.next();
            if (reader.getOriginatingProvider().getClass().getModule() == ImageIO.class.getModule()) {
                return reader;
            }
        }
        throw new IllegalStateException("this Java platform has no codec for " + format);
    }

    private static GrayImage decode(Path file, ImageFormat format, ImageReader reader, ImageInputStream stream)
            throws IOException {
        AtomicBoolean filledUp = new AtomicBoolean();
        reader.addIIOReadWarningListener((source, warning) -> {
            // libjpeg fills the missing rows with grey and only warns.
            String lower = warning.toLowerCase(Locale.ROOT);
            filledUp.compareAndSet(false, lower.contains("premature") || lower.contains("truncated"));
        });
        if (format == ImageFormat.TIFF && hasNextPage(stream)) {
            throw new UnreadableImageException(file, "holds several pages; expected a single radiograph: write the "
                    + "wanted one to a file of its own");
        }
        reader.setInput(stream, false, true);
        int width = reader.getWidth(0);
        int height = reader.getHeight(0);
        if ((long) width * height > DicomHeader.MOST_PIXELS) {
            throw new UnreadableImageException(file, "%d x %d pixels: expected at most %d in all".formatted(width,
                    height, DicomHeader.MOST_PIXELS));
        }
        long scans = format == ImageFormat.JPEG ? scans(file) : 1;
        if (scans > MOST_SCANNED / Math.max(1, (long) width * height)) {
            throw new UnreadableImageException(file, "refines its picture in %d scans; expected a few: replace the file"
                    .formatted(scans));
        }
        long samples = Math.max(width, reader.getTileWidth(0)) * (long) Math.max(height, reader.getTileHeight(0));
        SampleModel model = reader.getImageTypes(0).next().getSampleModel();
        // In floating point, as what a hostile header gives can exceed a long.
        double bytes = (double) samples * model.getNumBands() * Math.max(1, model.getSampleSize(0) / 8);
        if (bytes > (double) LARGEST_RATIO * Math.max(1024, Files.size(file))) {
            throw new UnreadableImageException(file, "truncated or damaged; replace the file");
        }
        BufferedImage image = reader.read(0);
        if (filledUp.get()) {
            throw new UnreadableImageException(file, "truncated; replace the file");
        }
        return toGray(file, image);
    }

    /** Scans of a JPEG, each a pass over all of its pixels for as few bytes as one likes (ITU-T T.81, B.2.3). */
    private static long scans(Path file) throws IOException {
        long scans = 0;
        try (InputStream in = new BufferedInputStream(Files.newInputStream(file), 1 << 16)) {
            int before = 0;
            for (int now = in.read(); now >= 0; now = in.read()) {
                scans += before == 0xFF && now == 0xDA ? 1 : 0;
                before = now;
            }
        }
        return scans;
    }

    /** Whether a TIFF's first directory has a next one (TIFF 6.0, section 2): counting them would follow a circle. */
    private static boolean hasNextPage(ImageInputStream stream) throws IOException {
        stream.mark();
        stream.setByteOrder(stream.readByte() == 'I' ? ByteOrder.LITTLE_ENDIAN : ByteOrder.BIG_ENDIAN);
        stream.skipBytes(3);
        stream.seek(stream.readUnsignedInt());
        stream.seek(stream.getStreamPosition() + 2 + 12L * stream.readUnsignedShort());
        long next = stream.readUnsignedInt();
        stream.reset();
        stream.setByteOrder(ByteOrder.BIG_ENDIAN);   // as it came
        return next != 0;
    }

    private static GrayImage toGray(Path file, BufferedImage image) throws UnreadableImageException {
        Raster raster = image.getRaster();
        int type = raster.getTransferType();
        int bits = raster.getSampleModel().getSampleSize(0);
        if (type != DataBuffer.TYPE_BYTE && type != DataBuffer.TYPE_USHORT && type != DataBuffer.TYPE_INT
                || bits > 16) {
            throw new UnreadableImageException(file, "its samples are signed, floating point or wider than 16 bits; "
                    + "expected 8 or 16 bits, unsigned");
        }
        int space = image.getColorModel().getColorSpace().getType();
        if (space != ColorSpace.TYPE_GRAY && space != ColorSpace.TYPE_RGB) {
            throw new UnreadableImageException(file, "its colours are neither grey nor red, green and blue; convert "
                    + "it to one of these");
        }
        boolean wide = type == DataBuffer.TYPE_USHORT && bits > 8;
        if (!(image.getColorModel() instanceof IndexColorModel) && (wide || bits == 8)) {
            // Grey samples are taken as they are: BufferedImage.getRGB would apply a linear-grey tone curve.
            return fromBands(raster, bits, raster.getNumBands() <= 2 ? 1 : 3);
        }
        GrayImage gray = GrayImage.black(image.getWidth(), image.getHeight(), 8);
        for (int y = 0; y < image.getHeight(); y++) {
            for (int x = 0; x < image.getWidth(); x++) {
                int rgb = image.getRGB(x, y);
                gray.set(x, y, luma(rgb >> 16 & 0xFF, rgb >> 8 & 0xFF, rgb & 0xFF));
            }
        }
        return gray;
    }

    private static GrayImage fromBands(Raster raster, int bits, int colours) {
        int width = raster.getWidth();
        int height = raster.getHeight();
        int bands = raster.getNumBands();
        int full = (1 << bits) - 1;
        int white = bits == 8 ? 255 : 65535;
        short[] samples = new short[width * height];
        int[] row = new int[width * bands];
        for (int y = 0; y < height; y++) {
            raster.getPixels(raster.getMinX(), raster.getMinY() + y, width, 1, row);
            for (int x = 0; x < width; x++) {
                int first = x * bands;
                long sample = colours == 1 ? row[first] : luma(row[first], row[first + 1], row[first + 2]);
                samples[y * width + x] = (short) ((sample * white + full / 2) / full);
            }
        }
        return GrayImage.of(width, height, bits == 8 ? 8 : 16, samples);
    }

    private static int luma(int red, int green, int blue) {
        return (299 * red + 587 * green + 114 * blue + 500) / 1000;
    }
}
