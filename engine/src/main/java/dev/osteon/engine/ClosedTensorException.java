package dev.osteon.engine;

/** Use of a tensor after it was closed, by itself or by its scope. */
public final class ClosedTensorException extends EngineException {

    private static final long serialVersionUID = 1L;

    public ClosedTensorException(String message) {
        super(message);
    }
}
