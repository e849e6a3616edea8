package dev.osteon.app.image;

import java.awt.image.BufferedImage;
import java.awt.image.DataBuffer;
import java.awt.image.DataBufferByte;
import java.awt.image.DataBufferUShort;
import java.awt.image.IndexColorModel;
import java.awt.image.Raster;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Locale;
import javax.imageio.IIOImage;
import javax.imageio.ImageIO;
import javax.imageio.ImageReader;
import javax.imageio.ImageWriteParam;
import javax.imageio.ImageWriter;
import javax.imageio.stream.ImageInputStream;
import javax.imageio.stream.ImageOutputStream;
import javax.imageio.stream.MemoryCacheImageOutputStream;

/** Reads grey images from PNG and JPEG files and writes PNG files. Needs no display. */
public final class ImageFiles {
    /** Deflate barely shrinks photon noise; the fastest level halves the time of writing a radiograph. */
    private static final float FAST_DEFLATE = 0.9f;

    private ImageFiles() {
    }

    /**
     * Reads a PNG (8 or 16 bit) or JPEG file. Colour becomes luma, 0.299 R + 0.587 G + 0.114 B (ITU-R BT.601); an
     * alpha channel is ignored; 1-, 2- and 4-bit and palette images become 8 bit.
     *
     * @throws UnreadableImageException if the file is missing, truncated or cannot be decoded
     */
    public static GrayImage read(Path file) throws UnreadableImageException {
        if (!Files.isRegularFile(file)) {
            throw new UnreadableImageException(file, Files.exists(file)
                    ? "not a file; expected a PNG or JPEG file" : "no such file");
        }
        try (ImageInputStream stream = ImageIO.createImageInputStream(file.toFile())) {
            if (stream == null) {
                throw new UnreadableImageException(file, "cannot be opened; check its permissions");
            }
            Iterator<ImageReader> readers = ImageIO.getImageReaders(stream);
            if (!readers.hasNext()) {
                throw new UnreadableImageException(file, "not in a known image format; expected PNG or JPEG");
            }
            return decode(file, readers.next(), stream);
        } catch (UnreadableImageException e) {
            throw e;
        } catch (IOException | RuntimeException e) {
            // The JDK's codecs throw unchecked exceptions too on damaged headers.
            throw new UnreadableImageException(file, "truncated or damaged (" + reason(e) + "); replace the file");
        }
    }

    private static GrayImage decode(Path file, ImageReader reader, ImageInputStream stream) throws IOException {
        List<String> warnings = new ArrayList<>();
        try {
            reader.addIIOReadWarningListener((source, warning) -> warnings.add(warning));
            reader.setInput(stream, true, true);
            GrayImage image = toGray(reader.read(0));
            for (String warning : warnings) {
                // libjpeg fills the missing rows with grey and only warns.
                String lower = warning.toLowerCase(Locale.ROOT);
                if (lower.contains("premature") || lower.contains("truncated")) {
                    throw new UnreadableImageException(file, "truncated (" + warning + "); replace the file");
                }
            }
            return image;
        } finally {
            reader.dispose();
        }
    }

    private static GrayImage toGray(BufferedImage image) {
        Raster raster = image.getRaster();
        int bands = raster.getNumBands();
        int sampleSize = raster.getSampleModel().getSampleSize(0);
        boolean wide = raster.getTransferType() == DataBuffer.TYPE_USHORT && sampleSize == 16;
        if (!(image.getColorModel() instanceof IndexColorModel) && (wide || sampleSize == 8)) {
            // Grey samples are taken as they are: BufferedImage.getRGB would apply a linear-grey tone curve.
            return fromBands(raster, wide ? 16 : 8, bands <= 2 ? 1 : 3);
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

    private static GrayImage fromBands(Raster raster, int bitDepth, int colours) {
        int width = raster.getWidth();
        int height = raster.getHeight();
        int bands = raster.getNumBands();
        short[] samples = new short[width * height];
        int[] row = new int[width * bands];
        for (int y = 0; y < height; y++) {
            raster.getPixels(raster.getMinX(), raster.getMinY() + y, width, 1, row);
            for (int x = 0; x < width; x++) {
                int first = x * bands;
                samples[y * width + x] = (short) (colours == 1
                        ? row[first] : luma(row[first], row[first + 1], row[first + 2]));
            }
        }
        return GrayImage.of(width, height, bitDepth, samples);
    }

    private static int luma(int red, int green, int blue) {
        return (299 * red + 587 * green + 114 * blue + 500) / 1000;
    }

    /**
     * Writes a grey PNG of the image's bit depth, replacing an older file at once: a reader sees the old file or the
     * whole new one, also after a crash.
     *
     * @throws IOException if the folder is missing, not writable, or full
     */
    public static void writePng(GrayImage image, Path file) throws IOException {
        Path folder = file.toAbsolutePath().getParent();
        Path temporary = Files.createTempFile(folder, "." + file.getFileName(), ".tmp");
        try {
            try (OutputStream bytes = Files.newOutputStream(temporary);
                    ImageOutputStream stream = new MemoryCacheImageOutputStream(bytes)) {
                encode(image, stream);
            } catch (IOException e) {   // codecs and streams do not name the file
                throw (IOException) new FileSystemException(file.toString(), null, reason(e)).initCause(e);
            }
            Files.move(temporary, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
        } finally {
            Files.deleteIfExists(temporary);
        }
    }

    private static void encode(GrayImage image, ImageOutputStream stream) throws IOException {
        ImageWriter writer = ImageIO.getImageWritersByFormatName("png").next();
        try {
            ImageWriteParam options = writer.getDefaultWriteParam();
            options.setCompressionMode(ImageWriteParam.MODE_EXPLICIT);
            options.setCompressionQuality(FAST_DEFLATE);
            writer.setOutput(stream);
            writer.write(null, new IIOImage(toBuffered(image), null, null), options);
            stream.flush();
        } finally {
            writer.dispose();
        }
    }

    private static BufferedImage toBuffered(GrayImage image) {
        short[] samples = image.samples();
        if (image.bitDepth() == 16) {
            BufferedImage wide =
                    new BufferedImage(image.width(), image.height(), BufferedImage.TYPE_USHORT_GRAY);
            short[] target = ((DataBufferUShort) wide.getRaster().getDataBuffer()).getData();
            System.arraycopy(samples, 0, target, 0, samples.length);
            return wide;
        }
        BufferedImage narrow = new BufferedImage(image.width(), image.height(), BufferedImage.TYPE_BYTE_GRAY);
        byte[] target = ((DataBufferByte) narrow.getRaster().getDataBuffer()).getData();
        for (int i = 0; i < samples.length; i++) {
            target[i] = (byte) samples[i];
        }
        return narrow;
    }

    private static String reason(Throwable e) {
        Throwable deepest = e;
        while (deepest.getCause() != null) {
            deepest = deepest.getCause();
        }
        String message = deepest.getMessage();
        return message == null || message.isBlank() ? deepest.getClass().getSimpleName() : message;
    }
}
