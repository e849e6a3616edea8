package dev.osteon.app.annotate;

/** A request that is not done, with the reason as the page shows it. */
final class Refusal extends RuntimeException {

    private static final long serialVersionUID = 1L;

    private final int status;

    /** @param status of HTTP: 400, 403, 404, 405, 409 conflict, 413 too large, 415, 422 bad image, 503 not now */
    Refusal(int status, String message) {
        super(message);
        this.status = status;
    }

    int status() {
        return status;
    }
}
