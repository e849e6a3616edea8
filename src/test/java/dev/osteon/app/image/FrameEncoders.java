package dev.osteon.app.image;

import com.github.jaiimageio.jpeg2000.J2KImageWriteParam;
import java.awt.Transparency;
import java.awt.color.ColorSpace;
import java.awt.image.BufferedImage;
import java.awt.image.ColorModel;
import java.awt.image.ComponentColorModel;
import java.awt.image.DataBuffer;
import java.awt.image.WritableRaster;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import javax.imageio.IIOImage;
import javax.imageio.ImageIO;
import javax.imageio.ImageWriteParam;
import javax.imageio.ImageWriter;
import javax.imageio.stream.ImageOutputStream;

/** Compressed frames for tests. Samples are unsigned, row by row. */
final class FrameEncoders {
    private FrameEncoders() {
    }

    /** A black JPEG of {@code side} by {@code side} pixels in the usual number of scans. */
    static byte[] progressiveJpeg(int side) throws IOException {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        ImageWriter writer = ImageIO.getImageWritersByFormatName("jpg").next();
        ImageWriteParam options = writer.getDefaultWriteParam();
        options.setProgressiveMode(ImageWriteParam.MODE_DEFAULT);
        try (ImageOutputStream stream = ImageIO.createImageOutputStream(out)) {
            writer.setOutput(stream);
            writer.write(null, new IIOImage(new BufferedImage(side, side, BufferedImage.TYPE_BYTE_GRAY), null, null),
                    options);
        } finally {
            writer.dispose();
        }
        return out.toByteArray();
    }

    /** Lossless JPEG of one component (ITU-R T.81, annex H), predicted from the left, with a planted comment. */
    static byte[] jpegLossless(int[] samples, int width, int precision) {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        int height = samples.length / width;
        byte[] comment = "PLANTEDCOMMENT".getBytes(StandardCharsets.ISO_8859_1);
        bytes(out, 0xFF, 0xD8, 0xFF, 0xFE, 0, 2 + comment.length);
        out.writeBytes(comment);
        bytes(out, 0xFF, 0xC3, 0, 11, precision, height >> 8, height, width >> 8, width, 1, 1, 0x11, 0);
        // 17 categories of difference, all with codes of 5 bits
        bytes(out, 0xFF, 0xC4, 0, 19 + 17, 0, 0, 0, 0, 0, 17, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0);
        for (int category = 0; category < 17; category++) {
            out.write(category);
        }
        bytes(out, 0xFF, 0xDA, 0, 8, 1, 1, 0, 1, 0, 0);
        long bits = 0;
        int held = 0;
        for (int i = 0; i < samples.length; i++) {
            int predicted = i == 0 ? 1 << precision - 1 : samples[i % width == 0 ? i - width : i - 1];
            int difference = (short) (samples[i] - predicted);
            int category = 32 - Integer.numberOfLeadingZeros(Math.abs(difference));
            int extra = difference < 0 ? difference + (1 << category) - 1 : difference;
            int extraBits = category == 16 ? 0 : category;   // a difference of 32768 needs no more
            bits = (bits << 5 | category) << extraBits | extra & (1L << extraBits) - 1;
            held += 5 + extraBits;
            while (held >= 8) {
                held -= 8;
                stuffed(out, (int) (bits >> held) & 0xFF);
            }
        }
        if (held > 0) {
            stuffed(out, (int) (bits << 8 - held | 0xFF >> held) & 0xFF);
        }
        bytes(out, 0xFF, 0xD9);
        return out.toByteArray();
    }

    private static void stuffed(ByteArrayOutputStream out, int value) {
        out.write(value);
        if (value == 0xFF) {
            out.write(0);
        }
    }

    /** DICOM's run length coding with literal runs and repeats. */
    static byte[] rle(int[] samples, int bytesPerSample) {
        ByteArrayOutputStream segments = new ByteArrayOutputStream();
        int[] offsets = new int[16];
        offsets[0] = bytesPerSample;
        for (int segment = 0; segment < bytesPerSample; segment++) {
            offsets[1 + segment] = 64 + segments.size();
            int shift = 8 * (bytesPerSample - 1 - segment);
            int i = 0;
            while (i < samples.length) {
                int run = 1;
                while (i + run < samples.length && run < 128
                        && (samples[i + run] >> shift & 0xFF) == (samples[i] >> shift & 0xFF)) {
                    run++;
                }
                segments.write(run > 1 ? 1 - run : 0);
                segments.write(samples[i] >> shift);
                i += run;
            }
            segments.write(-128);   // no operation
            if (segments.size() % 2 == 1) {
                segments.write(0);
            }
        }
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        for (int offset : offsets) {
            bytes(out, offset, offset >> 8, offset >> 16, offset >> 24);
        }
        out.writeBytes(segments.toByteArray());
        return out.toByteArray();
    }

    static byte[] jpeg2000(int[] samples, int width, int precision) throws IOException {
        ImageWriter writer = ImageIO.getImageWritersByFormatName("jpeg2000").next();
        J2KImageWriteParam parameters = (J2KImageWriteParam) writer.getDefaultWriteParam();
        parameters.setLossless(true);
        parameters.setWriteCodeStreamOnly(true);
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        try (ImageOutputStream stream = ImageIO.createImageOutputStream(out)) {
            writer.setOutput(stream);
            writer.write(null, new IIOImage(picture(samples, width, precision), null, null), parameters);
        } finally {
            writer.dispose();
        }
        return out.toByteArray();
    }

    /** A grey picture of the JDK with this many bits. */
    static BufferedImage picture(int[] samples, int width, int precision) {
        int type = precision <= 8 ? DataBuffer.TYPE_BYTE : DataBuffer.TYPE_USHORT;
        ColorModel colours = new ComponentColorModel(ColorSpace.getInstance(ColorSpace.CS_GRAY), new int[] {precision},
                false, false, Transparency.OPAQUE, type);
        WritableRaster raster = colours.createCompatibleWritableRaster(width, samples.length / width);
        raster.setSamples(0, 0, width, samples.length / width, 0, samples);
        return new BufferedImage(colours, raster, false, null);
    }

    static byte[] encoded(BufferedImage picture, String format) throws IOException {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        if (!ImageIO.write(picture, format, out)) {
            throw new IOException("no " + format + " writer for the picture");
        }
        return out.toByteArray();
    }

    private static void bytes(ByteArrayOutputStream out, int... values) {
        for (int value : values) {
            out.write(value);
        }
    }
}
