package dev.osteon.app.phantom;

import dev.osteon.app.image.GrayImage;

/**
 * Which pixels of a radiograph a bone's shadow covers, held for the smallest rectangle around it.
 *
 * @param x left edge of the rectangle in the radiograph
 * @param y its top edge
 * @param covered {@code [height * width]}, row by row; not to be changed
 */
public record BoneMask(Bone bone, int x, int y, int width, int height, boolean[] covered) {
    /** The tightest mask: {@code inside} covers rows of {@code rowLength} from (x, y), with at least one true. */
    public static BoneMask of(Bone bone, int x, int y, int rowLength, boolean[] inside) {
        int left = rowLength;
        int right = -1;
        int top = -1;
        int bottom = -1;
        for (int i = 0; i < inside.length; i++) {
            if (inside[i]) {
                left = Math.min(left, i % rowLength);
                right = Math.max(right, i % rowLength);
                top = top < 0 ? i / rowLength : top;
                bottom = i / rowLength;
            }
        }
        int width = right - left + 1;
        boolean[] tight = new boolean[width * (bottom - top + 1)];
        for (int row = top; row <= bottom; row++) {
            System.arraycopy(inside, row * rowLength + left, tight, (row - top) * width, width);
        }
        return new BoneMask(bone, x + left, y + top, width, bottom - top + 1, tight);
    }

    /** Whether the bone's shadow covers a pixel of the radiograph. */
    public boolean covers(int column, int row) {
        int dx = column - x;
        int dy = row - y;
        return dx >= 0 && dy >= 0 && dx < width && dy < height && covered[dy * width + dx];
    }

    /** Number of pixels covered. */
    public int area() {
        int area = 0;
        for (boolean c : covered) {
            area += c ? 1 : 0;
        }
        return area;
    }

    /** The mask as a picture of the radiograph's size, 8 bit: 255 where covered, else 0. */
    public GrayImage toImage(int imageWidth, int imageHeight) {
        GrayImage image = GrayImage.black(imageWidth, imageHeight, 8);
        for (int i = 0; i < covered.length; i++) {
            if (covered[i]) {
                image.set(x + i % width, y + i / width, 255);
            }
        }
        return image;
    }

    /**
     * The bone segment: the Hadamard product of mask and radiograph, cropped to the mask's rectangle.
     *
     * @param margin pixels of zeros around it
     */
    public GrayImage segment(GrayImage radiograph, int margin) {
        GrayImage segment = GrayImage.black(width + 2 * margin, height + 2 * margin, radiograph.bitDepth());
        for (int i = 0; i < covered.length; i++) {
            if (covered[i]) {
                int dx = i % width;
                int dy = i / width;
                segment.set(dx + margin, dy + margin, radiograph.get(x + dx, y + dy));
            }
        }
        return segment;
    }
}
