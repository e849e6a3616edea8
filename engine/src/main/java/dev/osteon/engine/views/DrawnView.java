package dev.osteon.engine.views;

/**
 * A view and what it took.
 *
 * @param tries  draws, the one taken among them
 * @param enough whether enough of its pixels are not zero
 */
public record DrawnView(View view, int tries, boolean enough) {}
