package dev.osteon.models.onnx.value;

/** A model that is valid, but asks for something that this engine does not do. */
public final class NotSupportedException extends OnnxException {

    private static final long serialVersionUID = 1L;

    public NotSupportedException(String message) {
        super(message);
    }
}
