package dev.osteon.models.onnx.conformance;

import dev.osteon.models.onnx.value.Line;

/**
 * What became of a test case, in words that fit a terminal.
 *
 * @param ops    the operation that it tests, or {@code (several)}
 * @param detail why it failed or was skipped; empty when it passed
 */
public record Outcome(String name, String ops, Verdict verdict, String detail) {

    public Outcome {
        name = Line.of(name);
        ops = Line.of(ops);
        detail = Line.of(detail);
    }

    /** A test is skipped only for what the detail names: an operation, an element type, control flow. */
    public enum Verdict { PASSED, FAILED, SKIPPED }
}
