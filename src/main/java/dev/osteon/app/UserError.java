package dev.osteon.app;

/** Something only the user can mend: one line saying what was given, what was expected and what to do. Exit code 2. */
public final class UserError extends RuntimeException {

    private static final long serialVersionUID = 1L;

    public UserError(String message) {
        super(message);
    }

    public UserError(String message, Throwable cause) {
        super(message, cause);
    }
}
