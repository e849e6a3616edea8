package dev.osteon.app.explain;

import java.util.List;

/**
 * Lines of a source file.
 *
 * @param file its name, without folders
 */
record Excerpt(String file, List<Line> lines) {

    /** A line and its number, from 1. */
    record Line(int number, String text) {}

    Excerpt {
        lines = List.copyOf(lines);
    }

    /** Such as {@code NtXent.java:48–59}. */
    String place() {
        int first = lines.getFirst().number();
        int last = lines.getLast().number();
        return file + ":" + first + (last == first ? "" : "–" + last);
    }
}
