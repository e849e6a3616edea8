package dev.osteon.engine.views;

/** One view of a segment: a square of {@code size} pixels seen through {@code matrix}. */
public record View(int size, AffineMatrix matrix) {}
