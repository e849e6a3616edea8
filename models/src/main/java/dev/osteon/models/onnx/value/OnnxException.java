package dev.osteon.models.onnx.value;

import dev.osteon.engine.EngineException;

/** A model that cannot be read or run; the message is one line that says where. */
public class OnnxException extends EngineException {

    private static final long serialVersionUID = 1L;

    public OnnxException(String message) {
        super(Line.of(message));
    }

    public OnnxException(String message, Throwable cause) {
        super(Line.of(message), cause);
    }
}
