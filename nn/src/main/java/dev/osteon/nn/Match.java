package dev.osteon.nn;

/** How exactly a file's names must be a network's. Shapes must always agree. */
public enum Match {
    /** Every parameter and buffer is in the file, and nothing else. */
    STRICT,
    /** What is in both is loaded: an encoder without its classifier, say. At least one tensor must be. */
    PARTIAL
}
