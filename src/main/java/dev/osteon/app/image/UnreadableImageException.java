package dev.osteon.app.image;

import java.io.IOException;
import java.nio.file.Path;

/** An image file that is missing, truncated, or in a format that cannot be decoded. The message is one line. */
public final class UnreadableImageException extends IOException {
    private static final long serialVersionUID = 1L;
    private final transient Path file;

    /**
     * @param file the file that was given
     * @param reason what is wrong with it and what to do, without the file's name
     */
    public UnreadableImageException(Path file, String reason) {
        super("cannot read image " + file + ": " + reason.replaceAll("\\s*\\R\\s*", " "));
        this.file = file;
    }

    /** The file that was given. */
    public Path file() {
        return file;
    }
}
