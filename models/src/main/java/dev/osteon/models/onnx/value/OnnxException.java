package dev.osteon.models.onnx.value;

import dev.osteon.engine.EngineException;

/** A model that cannot be read or run; the message is one line that says where. */
public class OnnxException extends EngineException {

    private static final long serialVersionUID = 1L;

    private static final int LONGEST = 1000;

    public OnnxException(String message) {
        super(oneLine(message));
    }

    public OnnxException(String message, Throwable cause) {
        super(oneLine(message), cause);
    }

    /** Names come from the file, which may put anything into them. */
    private static String oneLine(String message) {
        String clean = message.replaceAll("[\\p{Cntrl}\\u2028\\u2029]+", " ");
        return clean.length() <= LONGEST ? clean : clean.substring(0, LONGEST) + "…";
    }
}
