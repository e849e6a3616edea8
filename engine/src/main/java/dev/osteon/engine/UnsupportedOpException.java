package dev.osteon.engine;

/** A backend that has no kernel for an operation or an element type. */
public final class UnsupportedOpException extends EngineException {

    private static final long serialVersionUID = 1L;

    public UnsupportedOpException(String message) {
        super(message);
    }
}
