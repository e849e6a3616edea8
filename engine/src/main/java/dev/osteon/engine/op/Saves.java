package dev.osteon.engine.op;

import java.util.Set;

/** Which operands and results an operation's gradient reads; the tape keeps only those. */
public record Saves(Set<Integer> inputs, Set<Integer> outputs) {

    /** The gradient needs shapes only. */
    public static final Saves NOTHING = new Saves(Set.of(), Set.of());

    public static Saves inputs(Integer... indices) {
        return new Saves(Set.of(indices), Set.of());
    }

    public static Saves outputs(Integer... indices) {
        return new Saves(Set.of(), Set.of(indices));
    }

    public Saves andOutputs(Integer... indices) {
        return new Saves(inputs, Set.of(indices));
    }
}
