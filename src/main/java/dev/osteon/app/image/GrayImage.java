package dev.osteon.app.image;

import java.util.Arrays;
import java.util.Objects;

/**
 * A grey image with one sample per pixel, row by row, top row first. A sample is 0..255 at 8 bits and 0..65535 at
 * 16 bits; both are held in two bytes. Zero is black (in a radiograph: no attenuation, or outside a mask).
 */
public final class GrayImage {
    private final int width;
    private final int height;
    private final int bitDepth;
    private final short[] samples;

    private GrayImage(int width, int height, int bitDepth, short[] samples) {
        this.width = width;
        this.height = height;
        this.bitDepth = bitDepth;
        this.samples = samples;
    }

    /**
     * A black image.
     *
     * @param width pixels, at least 1
     * @param height pixels, at least 1
     * @param bitDepth 8 or 16
     * @throws IllegalArgumentException if a size or the bit depth is out of range
     */
    public static GrayImage black(int width, int height, int bitDepth) {
        checkSize(width, height, bitDepth);
        return new GrayImage(width, height, bitDepth, new short[width * height]);
    }

    /** Dark for bright: each sample is the largest one less it. */
    public GrayImage inverted() {
        GrayImage inverted = black(width(), height(), bitDepth());
        for (int y = 0; y < height(); y++) {
            for (int x = 0; x < width(); x++) {
                inverted.set(x, y, maxSample() - get(x, y));
            }
        }
        return inverted;
    }

    /**
     * An image around the given samples, which are not copied: the caller hands them over.
     *
     * @param samples {@code width * height} unsigned 16-bit samples
     * @throws IllegalArgumentException if a size or the bit depth is out of range or the sample count does not fit
     */
    public static GrayImage of(int width, int height, int bitDepth, short[] samples) {
        checkSize(width, height, bitDepth);
        Objects.requireNonNull(samples, "samples");
        if (samples.length != width * height) {
            throw new IllegalArgumentException("%d samples for an image of %d x %d: expected %d"
                    .formatted(samples.length, width, height, width * height));
        }
        return new GrayImage(width, height, bitDepth, samples);
    }

    private static void checkSize(int width, int height, int bitDepth) {
        if (width < 1 || height < 1 || (long) width * height > Integer.MAX_VALUE - 8) {
            throw new IllegalArgumentException(
                    "image size %d x %d: expected at least 1 x 1 and fewer than 2^31 pixels".formatted(width, height));
        }
        if (bitDepth != 8 && bitDepth != 16) {
            throw new IllegalArgumentException("bit depth " + bitDepth + ": expected 8 or 16");
        }
    }

    /** Width in pixels. */
    public int width() {
        return width;
    }

    /** Height in pixels. */
    public int height() {
        return height;
    }

    /** Bits per sample: 8 or 16. */
    public int bitDepth() {
        return bitDepth;
    }

    /** The largest value that a sample can have: 255 or 65535. */
    public int maxSample() {
        return (1 << bitDepth) - 1;
    }

    /**
     * The sample at column {@code x}, row {@code y}, 0..{@link #maxSample()}.
     *
     * @throws IndexOutOfBoundsException outside the image
     */
    public int get(int x, int y) {
        Objects.checkIndex(x, width);
        Objects.checkIndex(y, height);
        return samples[y * width + x] & 0xFFFF;
    }

    /**
     * Sets the sample at column {@code x}, row {@code y}; a value out of range is clamped.
     *
     * @throws IndexOutOfBoundsException outside the image
     */
    public void set(int x, int y, int sample) {
        Objects.checkIndex(x, width);
        Objects.checkIndex(y, height);
        samples[y * width + x] = (short) Math.clamp(sample, 0, maxSample());
    }

    /** The samples at 16 bits: {@code [height * width]} unsigned values, row by row; white is 65535. */
    public short[] toUnsigned16() {
        return withBitDepth(16).samples;
    }

    /**
     * A copy of the rectangle with its upper left corner at (x, y).
     *
     * @throws IllegalArgumentException if the rectangle is empty or not inside the image
     */
    public GrayImage crop(int x, int y, int cropWidth, int cropHeight) {
        if (x < 0 || y < 0 || cropWidth < 1 || cropHeight < 1
                || (long) x + cropWidth > width || (long) y + cropHeight > height) {
            throw new IllegalArgumentException("crop of %d x %d at (%d, %d): not inside the image of %d x %d"
                    .formatted(cropWidth, cropHeight, x, y, width, height));
        }
        short[] part = new short[cropWidth * cropHeight];
        for (int row = 0; row < cropHeight; row++) {
            System.arraycopy(samples, (y + row) * width + x, part, row * cropWidth, cropWidth);
        }
        return new GrayImage(cropWidth, cropHeight, bitDepth, part);
    }

    /** The same picture at another bit depth (8 or 16): full scale maps to full scale, rounded to nearest. */
    public GrayImage withBitDepth(int newBitDepth) {
        checkSize(width, height, newBitDepth);
        long from = maxSample();
        long to = (1 << newBitDepth) - 1;
        short[] converted = new short[samples.length];
        for (int i = 0; i < converted.length; i++) {
            converted[i] = (short) (((samples[i] & 0xFFFF) * to + from / 2) / from);
        }
        return new GrayImage(width, height, newBitDepth, converted);
    }

    /** The samples themselves, not a copy: for codecs of this package. */
    short[] samples() {
        return samples;
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof GrayImage that && width == that.width && height == that.height
                && bitDepth == that.bitDepth && Arrays.equals(samples, that.samples);
    }

    @Override
    public int hashCode() {
        return 31 * (31 * (31 * width + height) + bitDepth) + Arrays.hashCode(samples);
    }

    @Override
    public String toString() {
        return "GrayImage[" + width + " x " + height + ", " + bitDepth + " bit]";
    }
}
