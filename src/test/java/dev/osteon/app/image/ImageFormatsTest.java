package dev.osteon.app.image;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.stream.IntStream;
import javax.imageio.IIOImage;
import javax.imageio.ImageIO;
import javax.imageio.ImageWriter;
import javax.imageio.stream.ImageOutputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Formats are told by content, and all give the same greys. */
class ImageFormatsTest {
    private static final int SIDE = 20;
    private static final int[] SAMPLES = IntStream.range(0, SIDE * SIDE).map(i -> i * 163 % 65536).toArray();

    @TempDir
    Path folder;

    @Test
    void sixteenBitPngAndTiffAreTheSameUnderAnyName() throws IOException {
        BufferedImage picture = FrameEncoders.picture(SAMPLES, SIDE, 16);
        Path png = Files.write(folder.resolve("a.dcm"), FrameEncoders.encoded(picture, "png"));
        Path tiff = Files.write(folder.resolve("b.jpg"), FrameEncoders.encoded(picture, "tif"));
        GrayImage read = ImageFiles.read(tiff);
        assertThat(read).isEqualTo(ImageFiles.read(png));
        assertThat(read.bitDepth()).isEqualTo(16);
        for (int i = 0; i < SAMPLES.length; i++) {
            assertThat(read.get(i % SIDE, i / SIDE)).isEqualTo(SAMPLES[i]);
        }
        assertThat(ImageFiles.radiograph(tiff, Optional.empty()).source())
                .isEqualTo(new Radiograph.Picture(ImageFormat.TIFF));
    }

    @Test
    void colourBecomesLuma() throws IOException {
        BufferedImage colour = new BufferedImage(3, 1, BufferedImage.TYPE_INT_RGB);
        colour.setRGB(0, 0, 0xFF0000);
        colour.setRGB(1, 0, 0x00FF00);
        colour.setRGB(2, 0, 0x0000FF);
        for (String format : new String[] {"png", "tif"}) {
            GrayImage read = ImageFiles.read(Files.write(folder.resolve("c"), FrameEncoders.encoded(colour, format)));
            assertThat(IntStream.range(0, 3).map(x -> read.get(x, 0)).toArray()).containsExactly(76, 150, 29);
        }
    }

    /** A TIFF of one strip, little endian. */
    private static byte[] tiff(int photometric, int bits, int next, int... samples) {
        int[][] entries = {{256, 3, samples.length}, {257, 3, 1}, {258, 3, bits}, {259, 3, 1}, {262, 3, photometric},
            {273, 4, 8}, {277, 3, 1}, {278, 3, 1}, {279, 4, samples.length * bits / 8}};
        int directory = 8 + samples.length * 2;
        ByteBuffer file = ByteBuffer.allocate(directory + 2 + entries.length * 12 + 4).order(ByteOrder.LITTLE_ENDIAN);
        file.put((byte) 'I').put((byte) 'I').putShort((short) 42).putInt(directory);
        for (int sample : samples) {
            if (bits == 8) {
                file.put((byte) sample);
            } else {
                file.putShort((short) sample);
            }
        }
        file.position(directory).putShort((short) entries.length);
        for (int[] entry : entries) {
            file.putShort((short) entry[0]).putShort((short) entry[1]).putInt(1).putInt(entry[2]);
        }
        return file.putInt(next < 0 ? directory : next).array();
    }

    @Test
    void inksAreNotTakenForLight() throws IOException {
        int[][] entries = {{256, 3, 1, 1}, {257, 3, 1, 1}, {258, 3, 4, 12}, {259, 3, 1, 1}, {262, 3, 1, 5},
            {273, 4, 1, 8}, {277, 3, 1, 4}, {278, 3, 1, 1}, {279, 4, 1, 4}};
        ByteBuffer file = ByteBuffer.allocate(20 + 2 + entries.length * 12 + 4).order(ByteOrder.LITTLE_ENDIAN);
        file.put((byte) 'I').put((byte) 'I').putShort((short) 42).putInt(20).putInt(0x40302010);
        for (int channel = 0; channel < 4; channel++) {
            file.putShort((short) 8);
        }
        file.putShort((short) entries.length);
        for (int[] entry : entries) {
            file.putShort((short) entry[0]).putShort((short) entry[1]).putInt(entry[2]).putInt(entry[3]);
        }
        Path inks = Files.write(folder.resolve("cmyk.tif"), file.array());
        assertThatThrownBy(() -> ImageFiles.read(inks)).hasMessageContaining("neither grey nor red, green and blue");
    }

    @ParameterizedTest
    @ValueSource(ints = {8, 16})
    void tiffWhoseZeroIsWhiteIsInverted(int bits) throws IOException {
        int white = (1 << bits) - 1;
        GrayImage black = ImageFiles.read(Files.write(folder.resolve("1.tif"), tiff(1, bits, 0, 0, 7, white)));
        GrayImage inverted = ImageFiles.read(Files.write(folder.resolve("0.tif"),
                tiff(0, bits, 0, white, white - 7, 0)));
        assertThat(inverted).isEqualTo(black);
        assertThat(black.get(1, 0)).isEqualTo(7);
    }

    @Test
    @Timeout(60)
    void tiffOfSeveralPagesOrInACircleIsRefused() throws IOException {
        Path circle = Files.write(folder.resolve("circle.tif"), tiff(1, 8, -1, 1, 2, 3));
        assertThatThrownBy(() -> ImageFiles.read(circle)).isInstanceOf(UnreadableImageException.class);
        Path pages = folder.resolve("pages.tif");
        ImageWriter writer = ImageIO.getImageWritersByFormatName("tif").next();
        try (ImageOutputStream stream = ImageIO.createImageOutputStream(pages.toFile())) {
            writer.setOutput(stream);
            writer.prepareWriteSequence(null);
            IIOImage page = new IIOImage(FrameEncoders.picture(SAMPLES, SIDE, 16), null, null);
            writer.writeToSequence(page, null);
            writer.writeToSequence(page, null);
            writer.endWriteSequence();
        }
        assertThatThrownBy(() -> ImageFiles.read(pages)).hasMessageContaining("several pages").message()
                .hasLineCount(1);
    }
}
