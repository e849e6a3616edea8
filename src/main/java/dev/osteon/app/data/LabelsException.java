package dev.osteon.app.data;

import java.io.IOException;

/** A label file that cannot be used: the one-line message says where, what was expected, and what to do. */
public final class LabelsException extends IOException {
    private static final long serialVersionUID = 1L;

    LabelsException(String message) {
        super(message);
    }
}
