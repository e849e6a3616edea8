package dev.osteon.engine.backend;

/** A device's own clock, for work that is queued: marks are passed in the order of the work, and nothing waits. */
@FunctionalInterface
public interface DeviceClock {

    /** A mark behind all that was given to the device so far. */
    Mark mark();

    /** A point in the device's work. */
    interface Mark extends AutoCloseable {

        /** Nanoseconds on the device from an earlier mark to this one; waits until the device has passed this one. */
        long nanosSince(Mark earlier);

        /** Gives it up for another use. */
        @Override
        void close();
    }
}
