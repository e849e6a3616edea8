package dev.osteon.engine.backend;

/** The maker's own profiler, which may be attached to this process, and is told when to look. */
public interface DeviceProfiler {

    /** From here on; waits for what was given to the device before. */
    void start();

    /** Until here; waits for what was given to the device meanwhile. */
    void stop();
}
