package dev.osteon.engine.backend.onednn.vector;

import dev.osteon.engine.op.MaxPool2d;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;

/**
 * Rows of max-pooling over channels-last images: the largest of each column of the windows first, then along the row.
 * Every pass is one long loop; loops over the few places of a window take longer to begin and end than to run.
 */
final class MaxPoolRows {

    private MaxPoolRows() {}

    /**
     * The passes over elements of one type.
     *
     * @param <A> an array with the largest so far and their places: a vector of elements' bits, a vector of places, by
     *            turns. Numbers of its elements are twice those of channels.
     */
    interface Passes<A> {

        /** Channels to a vector. */
        int lanes();

        /** For so many channels. */
        A array(int channels);

        int length(A array);

        /** Begins with the elements of x from {@code at} on, all of them with one place. */
        void take(MemorySegment x, long at, int place, A largest);

        /** Takes those of x that are larger. */
        void takeLarger(MemorySegment x, long at, int place, A largest);

        /** Adds to places. */
        void move(A largest, int from, int end, int places);

        /**
         * Takes what is larger in columns, whose places are {@code j} further right, for one vector of channels of
         * {@code count} windows. Of equal ones the first place wins.
         */
        void takeLarger(A columns, int from, int step, int j, A windows, int to, int toStep, int count);

        /** Writes elements to y, and places as bytes. */
        void write(A largest, MemorySegment y, long at, MemorySegment places, long place);

        /**
         * Adds the gradients whose window has its largest at the wanted place, for one vector of channels of
         * {@code count} windows.
         */
        void addWhere(MemorySegment dy, long from, MemorySegment places, long place, int step, byte wanted,
                float[] sums, int to, int toStep, int count);

        /** Writes what {@link #addWhere} has added up. */
        void write(float[] sums, MemorySegment dx, long at);
    }

    /** The windows of one axis. */
    record Axis(int kernel, int stride, int padding) {

        static Axis vertical(MaxPool2d op) {
            return new Axis(op.kernel().height(), op.stride().height(), op.padding().height());
        }

        static Axis across(MaxPool2d op) {
            return new Axis(op.kernel().width(), op.stride().width(), op.padding().width());
        }

        /** Where a window begins, possibly before the image. */
        int start(int window) {
            return window * stride - padding;
        }

        /** A window's first place that lies within the image. */
        int firstPlace(int window) {
            return Math.max(0, -start(window));
        }

        /** One behind its last. */
        int endPlace(int window, int pixels) {
            return Math.min(kernel, pixels - start(window));
        }

        /** The first window whose place {@code place} is at a pixel {@code from} or later. */
        int firstWindow(int place, int from) {
            return Math.max(0, Math.ceilDiv(from + padding - place, stride));
        }

        /** One behind the last whose place {@code place} is at pixel {@code to} or before. */
        int endWindow(int place, int to, int windows) {
            return Math.min(windows, Math.floorDiv(to + padding - place, stride) + 1);
        }
    }

    static <A> Image.Row maximum(Passes<A> passes, MaxPool2d op, Image x, Image y, Image places) {
        A columns = passes.array(x.width() * x.channels());
        A windows = passes.array(y.width() * y.channels());
        return (n, h) -> {
            ofColumns(passes, op, x, n, h, columns);
            ofWindows(passes, Axis.across(op), columns, x.width(), x.channels(), windows);
            passes.write(windows, y.data(), y.at(n, 0, h, 0), places.data(), places.at(n, 0, h, 0));
        };
    }

    /** Of each pixel of a row of windows the largest from top to bottom. */
    private static <A> void ofColumns(Passes<A> passes, MaxPool2d op, Image x, int n, int h, A columns) {
        Axis vertical = Axis.vertical(op);
        int first = vertical.firstPlace(h);
        for (int i = first; i < vertical.endPlace(h, x.height()); i++) {
            long at = x.at(n, 0, vertical.start(h) + i, 0);
            int place = i * op.kernel().width();
            if (i == first) {
                passes.take(x.data(), at, place, columns);
            } else {
                passes.takeLarger(x.data(), at, place, columns);
            }
        }
    }

    /** Of each window the largest of its columns. */
    private static <A> void ofWindows(Passes<A> passes, Axis across, A columns, int pixels, int channels, A windows) {
        int pixel = 2 * channels;
        int number = passes.length(windows) / pixel;
        for (int w = 0; w < number; w++) {
            System.arraycopy(columns, Math.max(0, across.start(w)) * pixel, windows, w * pixel, pixel);
            if (across.firstPlace(w) > 0) {
                passes.move(windows, w * pixel, (w + 1) * pixel, across.firstPlace(w));
            }
        }
        for (int j = 1; j < across.kernel(); j++) {
            int begin = across.firstWindow(j, 1);               // pixel 0 is a first place
            int end = across.endWindow(j, pixels - 1, number);
            for (int c = 0; c < pixel; c += 2 * passes.lanes()) {
                passes.takeLarger(columns, (across.start(begin) + j) * pixel + c, across.stride() * pixel, j, windows,
                        begin * pixel + c, pixel, end - begin);
            }
        }
    }

    static Image.Row gradient(Passes<?> passes, MaxPool2d op, Image dy, Image places, Image dx) {
        float[] sums = new float[dx.width() * dx.channels()];
        return (n, h) -> {
            Arrays.fill(sums, 0);
            add(passes, op, dy, places, dx, n, h, sums);
            passes.write(sums, dx.data(), dx.at(n, 0, h, 0));
        };
    }

    private static void add(Passes<?> passes, MaxPool2d op, Image dy, Image places, Image dx, int n, int h,
            float[] sums) {
        Axis vertical = Axis.vertical(op);
        Axis across = Axis.across(op);
        int channels = dx.channels();
        for (int i = vertical.kernel() - 1; i >= 0; i--) {
            for (int oh = vertical.firstWindow(i, h); oh < vertical.endWindow(i, h, dy.height()); oh++) {
                for (int j = across.kernel() - 1; j >= 0; j--) {
                    int begin = across.firstWindow(j, 0);
                    int end = across.endWindow(j, dx.width() - 1, dy.width());
                    byte place = (byte) (i * across.kernel() + j);
                    for (int c = 0; c < channels; c += passes.lanes()) {
                        passes.addWhere(dy.data(), dy.at(n, c, oh, begin), places.data(), places.at(n, c, oh, begin),
                                channels, place, sums, (across.start(begin) + j) * channels + c,
                                across.stride() * channels, end - begin);
                    }
                }
            }
        }
    }
}
