package dev.osteon.app.segment;

import dev.osteon.app.image.GrayImage;
import dev.osteon.models.sam.Point;
import java.util.List;

/**
 * Which pixels of a radiograph belong to a bone.
 *
 * @param inside [height, width], row by row; not to be changed
 */
public record Mask(int width, int height, boolean[] inside) {

    /** Where logits of a window are above a threshold; outside the window nothing is. */
    static Mask above(float threshold, float[] logits, Window window, GrayImage image) {
        boolean[] inside = new boolean[image.width() * image.height()];
        for (int i = 0; i < logits.length; i++) {
            if (logits[i] > threshold) {
                inside[(window.y() + i / window.width()) * image.width() + window.x() + i % window.width()] = true;
            }
        }
        return new Mask(image.width(), image.height(), inside);
    }

    /** White pixels of a mask picture. */
    public static Mask of(GrayImage picture) {
        boolean[] inside = new boolean[picture.width() * picture.height()];
        for (int i = 0; i < inside.length; i++) {
            inside[i] = picture.get(i % picture.width(), i / picture.width()) > 0;
        }
        return new Mask(picture.width(), picture.height(), inside);
    }

    /** Pixels in it. */
    public int area() {
        int area = 0;
        for (boolean pixel : inside) {
            area += pixel ? 1 : 0;
        }
        return area;
    }

    /** False outside the picture, too. */
    public boolean holds(Point p) {
        int px = (int) Math.floor(p.x());
        int py = (int) Math.floor(p.y());
        return px >= 0 && py >= 0 && px < width && py < height && inside[py * width + px];
    }

    /** How many of the points it holds. */
    public int holding(List<Point> points) {
        return (int) points.stream().filter(this::holds).count();
    }

    /**
     * Twice the common area over the sum of both, 0..1 (Dice 1945); 1 for two empty masks.
     *
     * @throws IllegalArgumentException when they differ in size
     */
    public double dice(Mask other) {
        int common = common(other);
        int sum = area() + other.area();
        return sum == 0 ? 1 : 2.0 * common / sum;
    }

    /** Pixels of both. */
    int common(Mask other) {
        if (width != other.width || height != other.height) {
            throw new IllegalArgumentException("masks: given " + width + " × " + height + " and " + other.width + " × "
                    + other.height + " pixels; expected the same");
        }
        int common = 0;
        for (int i = 0; i < inside.length; i++) {
            common += inside[i] && other.inside[i] ? 1 : 0;
        }
        return common;
    }

    /** The 4-connected piece with most of the points, of equals the largest, its holes filled. */
    Mask pieceWith(List<Point> points) {
        int[] piece = new int[inside.length];
        int[] stack = new int[inside.length];
        int pieces = 0;
        int best = 0;
        long bestRank = -1;
        for (int start = 0; start < inside.length; start++) {
            if (inside[start] && piece[start] == 0) {
                int label = ++pieces;
                int size = flood(start, label, piece, stack, true);
                long held = points.stream().filter(p -> holds(p)
                        && piece[(int) p.y() * width + (int) p.x()] == label).count();
                long rank = (held << 40) + size;
                if (rank > bestRank) {
                    bestRank = rank;
                    best = label;
                }
            }
        }
        boolean[] kept = new boolean[inside.length];
        for (int i = 0; i < kept.length; i++) {
            kept[i] = best > 0 && piece[i] == best;
        }
        return new Mask(width, height, kept).filled(stack);
    }

    private Mask filled(int[] stack) {
        int[] outside = new int[inside.length];
        for (int i = 0; i < inside.length; i++) {
            boolean edge = i < width || i >= inside.length - width || i % width == 0 || i % width == width - 1;
            if (edge && !inside[i] && outside[i] == 0) {
                flood(i, 1, outside, stack, false);
            }
        }
        boolean[] filled = new boolean[inside.length];
        for (int i = 0; i < filled.length; i++) {
            filled[i] = outside[i] == 0;
        }
        return new Mask(width, height, filled);
    }

    /** Labels the pixels of the wanted kind that hang together with {@code start}, and counts them. */
    private int flood(int start, int label, int[] labels, int[] stack, boolean wanted) {
        int top = 0;
        int count = 0;
        labels[start] = label;
        stack[top++] = start;
        while (top > 0) {
            int at = stack[--top];
            count++;
            int column = at % width;
            for (int side = 0; side < 4; side++) {
                boolean within = switch (side) {
                    case 0 -> column > 0;
                    case 1 -> column < width - 1;
                    case 2 -> at >= width;
                    default -> at < inside.length - width;
                };
                int next = at + (side == 0 ? -1 : side == 1 ? 1 : side == 2 ? -width : width);
                if (within && inside[next] == wanted && labels[next] == 0) {
                    labels[next] = label;
                    stack[top++] = next;
                }
            }
        }
        return count;
    }
}
