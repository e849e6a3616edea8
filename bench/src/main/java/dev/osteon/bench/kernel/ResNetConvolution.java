package dev.osteon.bench.kernel;

import dev.osteon.engine.op.Conv2d;
import dev.osteon.engine.op.Window;

/**
 * A convolution of a ResNet-50 at 224², without a bias.
 *
 * @param in     channels
 * @param out    channels
 * @param kernel side
 * @param side   of the input in pixels
 */
public record ResNetConvolution(int in, int out, int kernel, int stride, int side) {

    /** Half of the kernel on each side. */
    public int padding() {
        return kernel / 2;
    }

    /** Of the result in pixels. */
    public int outSide() {
        return side / stride;
    }

    /** As an operation. */
    Conv2d op() {
        return new Conv2d(Window.square(stride), Window.square(padding()), Window.ONE, 1);
    }

    /**
     * {@code stem}, or {@code STAGE.PART}: stages 1 to 4; parts {@code reduce} (1×1), {@code spatial} (3×3) and
     * {@code expand} (1×1) of its later blocks, {@code stride} (3×3) and {@code shortcut} (1×1) of the first, which
     * stages 2 to 4 have with stride 2.
     *
     * @throws IllegalArgumentException for another name
     */
    public static ResNetConvolution named(String layer) {
        if (layer.equals("stem")) {
            return new ResNetConvolution(3, 64, 7, 2, 224);
        }
        if (!layer.matches("[1-4]\\.(reduce|spatial|expand)|[2-4]\\.(stride|shortcut)")) {
            throw new IllegalArgumentException("given layer " + layer + "; expected stem, or a stage of 1 to 4 and "
                    + "reduce, spatial or expand, or of 2 to 4 and stride or shortcut, as 2.spatial");
        }
        int stage = layer.charAt(0) - '1';
        int width = 64 << stage;
        int side = 56 >> stage;
        return switch (layer.substring(2)) {
            case "reduce" -> new ResNetConvolution(4 * width, width, 1, 1, side);
            case "spatial" -> new ResNetConvolution(width, width, 3, 1, side);
            case "expand" -> new ResNetConvolution(width, 4 * width, 1, 1, side);
            case "stride" -> new ResNetConvolution(width, width, 3, 2, 2 * side);
            default -> new ResNetConvolution(2 * width, 4 * width, 1, 2, 2 * side);
        };
    }
}
