package dev.osteon.engine;

/** Work that cannot be recorded to be queued again, as it is; done at once it may well be possible. */
public final class NotRecordableException extends EngineException {

    private static final long serialVersionUID = 1L;

    /** @param message what stands in the way */
    public NotRecordableException(String message) {
        super(message);
    }
}
