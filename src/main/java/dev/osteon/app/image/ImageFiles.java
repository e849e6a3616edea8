package dev.osteon.app.image;

import dev.osteon.app.image.dicom.DicomException;
import dev.osteon.app.image.dicom.DicomHeader;
import dev.osteon.app.image.dicom.DicomImage;
import dev.osteon.app.image.dicom.SubjectSalt;
import dev.osteon.engine.io.AtomicFile;
import java.awt.image.BufferedImage;
import java.awt.image.DataBufferByte;
import java.awt.image.DataBufferUShort;
import java.io.IOException;
import java.io.InputStream;
import java.nio.channels.Channels;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import javax.imageio.IIOImage;
import javax.imageio.ImageIO;
import javax.imageio.ImageWriteParam;
import javax.imageio.ImageWriter;
import javax.imageio.stream.ImageOutputStream;
import javax.imageio.stream.MemoryCacheImageOutputStream;

/** Reads radiographs from PNG, JPEG, TIFF and DICOM files and writes grey PNG files. Needs no display. */
public final class ImageFiles {
    /** Deflate barely shrinks photon noise; the fastest level halves the time of writing a radiograph. */
    private static final float FAST_DEFLATE = 0.9f;

    private static final String EXPECTED = "PNG, JPEG, TIFF or DICOM";

    private ImageFiles() {
    }

    /**
     * Reads a radiograph as grey levels: {@link #radiograph} without what its file says beside them.
     *
     * @throws UnreadableImageException if the file is missing, truncated or cannot be decoded
     */
    public static GrayImage read(Path file) throws UnreadableImageException {
        return radiograph(file, Optional.empty()).image();
    }

    /**
     * Reads a PNG, JPEG, TIFF or DICOM file, told apart by content. Colour pictures become luma, 0.299 R + 0.587 G +
     * 0.114 B (ITU-R BT.601); an alpha channel is ignored; 1-, 2- and 4-bit and palette images become 8 bit, 9 to 15
     * bits 16 bit. Of a DICOM file's header nothing but the geometry is kept, and nothing of any file's text reaches
     * the result or an error.
     *
     * @param salt for a pseudonym of the patient in a DICOM file; without one the patient ID is not read
     * @throws UnreadableImageException if the file is missing, truncated, of another kind, or cannot be decoded
     */
    public static Radiograph radiograph(Path file, Optional<SubjectSalt> salt) throws UnreadableImageException {
        if (!Files.isRegularFile(file)) {
            throw new UnreadableImageException(file, Files.exists(file)
                    ? "not a file; expected " + EXPECTED : "no such file");
        }
        try {
            ImageFormat format = ImageFormat.of(start(file)).orElseThrow(() -> new UnreadableImageException(file,
                    "not in a known image format; expected " + EXPECTED));
            return format == ImageFormat.DICOM ? dicom(DicomImage.read(file, salt))
                    : new Radiograph(PictureDecoder.decode(file, format), new Radiograph.Picture(format));
        } catch (UnreadableImageException e) {
            throw e;
        } catch (DicomException e) {
            throw new UnreadableImageException(file, e.getMessage());
        } catch (IOException e) {
            throw new UnreadableImageException(file, "cannot be opened; check its permissions and its disk");
        }
    }

    private static byte[] start(Path file) throws IOException {
        try (InputStream in = Files.newInputStream(file)) {
            return in.readNBytes(ImageFormat.SIGNATURE_BYTES);
        }
    }

    private static Radiograph dicom(DicomImage read) {
        DicomHeader header = read.header();
        GrayImage image = GrayImage.of(header.columns(), header.rows(), read.bitDepth(), read.samples());
        return new Radiograph(image, new Radiograph.Dicom(header, read.subject(), read.lowestStored(),
                read.highestStored()));
    }

    /**
     * Writes a grey PNG of the image's bit depth, replacing an older file at once: a reader sees the old file or the
     * whole new one, also after a crash. A folder that is missing is made.
     *
     * @throws IOException if the folder is not writable, or full
     */
    public static void writePng(GrayImage image, Path file) throws IOException {
        AtomicFile.write(file, channel -> {
            try (ImageOutputStream stream = new MemoryCacheImageOutputStream(Channels.newOutputStream(channel))) {
                encode(image, stream);
            } catch (IOException e) {   // codecs hide what the disk says behind words of their own
                throw new IOException(reason(e), e);
            }
        });
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
