package dev.osteon.nn;

/** Whether a layer adds a learned vector to its result. */
public enum Bias { WITH, WITHOUT }
