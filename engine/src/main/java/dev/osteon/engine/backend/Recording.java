package dev.osteon.engine.backend;

import java.util.Optional;

/** Work that a device has been told once and does each time it is queued. */
public interface Recording extends AutoCloseable {

    /** Queues it behind all that was given to the device so far; waits for nothing. */
    void queue();

    /** How many kernels, library calls and copies it is. */
    int size();

    /**
     * What the host has put into another recording that is not the same here, addresses aside: the first kernel whose
     * numbers, size or order differ, or the first upload with other contents. Empty when queueing this one does what
     * the other would do.
     */
    Optional<String> difference(Recording other);

    /** Frees it, once what was queued of it is done. */
    @Override
    void close();
}
