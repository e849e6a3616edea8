package dev.osteon.engine;

/** A request that a device's allocator could not serve even after giving back its free segments. */
public final class OutOfMemoryException extends EngineException {

    private static final long serialVersionUID = 1L;

    public OutOfMemoryException(String message, Throwable cause) {
        super(message, cause);
    }
}
