package dev.osteon.engine.op;

/** What follows a normalisation in the same operation. */
public enum Activation { NONE, RELU }
