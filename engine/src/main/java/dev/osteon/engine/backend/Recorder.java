package dev.osteon.engine.backend;

/** A device's way to be told work once and to do it as often as it is queued. */
@FunctionalInterface
public interface Recorder {

    /**
     * Notes down what {@code work} gives to the device from this thread, in place of doing it. The recording works on
     * the addresses it was made with: what is allocated meanwhile must be set apart
     * ({@link dev.osteon.engine.memory.MemoryReserve}) as long as it is in use.
     *
     * @throws dev.osteon.engine.NotRecordableException when the work waits for results, or prepares something that must
     *                                                  be done once before
     */
    Recording record(Runnable work);
}
