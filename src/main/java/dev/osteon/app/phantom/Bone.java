package dev.osteon.app.phantom;

import java.util.Locale;

/** The seven bones that are segmented: those whose masks and segments a data set holds. */
public enum Bone {
    ULNA, RADIUS, MC1, MC2, MC3, MC4, MC5;

    /** The name in file names and label files: {@code ulna}, {@code radius}, {@code mc1} .. {@code mc5}. */
    public String label() {
        return name().toLowerCase(Locale.ROOT);
    }

    /**
     * Metacarpal of a finger.
     *
     * @param finger 1 (thumb) .. 5 (little finger)
     */
    static Bone metacarpal(int finger) {
        return values()[MC1.ordinal() + finger - 1];
    }
}
