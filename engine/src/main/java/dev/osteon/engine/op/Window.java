package dev.osteon.engine.op;

/** A pair of values for height and width: kernel sizes, strides, padding, dilation. */
public record Window(int height, int width) {

    public static final Window ONE = new Window(1, 1);
    public static final Window ZERO = new Window(0, 0);

    public static Window square(int size) {
        return new Window(size, size);
    }
}
