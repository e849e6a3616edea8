package dev.osteon.engine.views;

/** A rectangle of whole pixels. */
public record Crop(int top, int left, int height, int width) {}
