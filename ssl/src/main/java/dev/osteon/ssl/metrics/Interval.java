package dev.osteon.ssl.metrics;

/** A figure with the ends of its 95 % interval. */
public record Interval(double value, double low, double high) {}
