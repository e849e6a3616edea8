package dev.osteon.engine;

/** A device failed at its work, and this process cannot use it again; what was on it is lost. */
public class DeviceFailedException extends EngineException {

    private static final long serialVersionUID = 1L;

    public DeviceFailedException(String message, Throwable cause) {
        super(message, cause);
    }

    public DeviceFailedException(String message) {
        super(message);
    }
}
