package dev.osteon.engine;

/** Operand shapes, element types or attributes that do not fit an operation. */
public final class ShapeException extends EngineException {

    private static final long serialVersionUID = 1L;

    /**
     * @param op       the operation's name, as {@code conv2d}
     * @param given    what was given, shapes included
     * @param expected what would have been accepted, and what to do
     */
    public ShapeException(String op, String given, String expected) {
        super(op + ": given " + given + "; expected " + expected);
    }
}
