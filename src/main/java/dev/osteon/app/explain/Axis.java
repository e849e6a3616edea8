package dev.osteon.app.explain;

import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/**
 * One side of a matrix.
 *
 * @param name   what is counted along it
 * @param labels of its lines
 */
record Axis(String name, List<String> labels) {

    static final Axis VIEWS = new Axis("view", List.of("A", "B"));

    Axis {
        labels = List.copyOf(labels);
    }

    /** {@code prefix}1, {@code prefix}2, … */
    static Axis numbered(String name, String prefix, int count) {
        return new Axis(name, IntStream.rangeClosed(1, count).mapToObj(i -> prefix + i).toList());
    }

    /** The rows of both views: A1, A2, …, B1, B2, … */
    static Axis bothViews(int samples) {
        return new Axis("view and sample", Stream.of("A", "B").flatMap(view -> IntStream.rangeClosed(1, samples)
                .mapToObj(n -> view + n)).toList());
    }

    static Axis dimensions(int count) {
        return numbered("dimension", "", count);
    }

    /** An axis along which there is one line only. */
    static Axis single(String name) {
        return new Axis("", List.of(name));
    }

    int size() {
        return labels.size();
    }
}
