package dev.osteon.app.phantom;

import java.io.IOException;

/** The output folder holds something that this phantom must not be mixed with. The message is one line. */
public final class PhantomFolderException extends IOException {
    private static final long serialVersionUID = 1L;

    PhantomFolderException(String message) {
        super(message);
    }
}
