package dev.osteon.engine;

/** Root of every error that the engine raises on purpose; its message is one line for a person. */
public class EngineException extends RuntimeException {

    private static final long serialVersionUID = 1L;

    public EngineException(String message) {
        super(message);
    }

    public EngineException(String message, Throwable cause) {
        super(message, cause);
    }
}
