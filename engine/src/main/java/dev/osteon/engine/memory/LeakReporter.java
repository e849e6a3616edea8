package dev.osteon.engine.memory;

import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.lang.ref.Cleaner;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;

/**
 * Reports tensors that the garbage collector finds unclosed. It never frees them: lifetime stays deterministic.
 * With {@code -Dosteon.leaks=trace} a report says where the tensor was made.
 */
public final class LeakReporter {

    private static final boolean TRACE = "trace".equals(System.getProperty("osteon.leaks"));
    private static final Cleaner CLEANER = Cleaner.create();
    private static final AtomicLong LEAKED = new AtomicLong();
    private static final Logger LOG = System.getLogger("osteon.leaks");

    private LeakReporter() {}

    /** Watches {@code owner}; the returned flag must be set when it is closed. */
    public static AtomicBoolean watch(Object owner, String label) {
        AtomicBoolean closed = new AtomicBoolean();
        Throwable where = TRACE ? new Throwable("allocated here") : null;
        CLEANER.register(owner, () -> {
            if (!closed.get()) {
                LEAKED.incrementAndGet();
                String hint = TRACE ? "" : "; run with -Dosteon.leaks=trace to see where it was made";
                LOG.log(Level.WARNING, "tensor " + label + " was never closed" + hint, where);
            }
        });
        return closed;
    }

    /** Number of leaks reported since the start. */
    public static long leaked() {
        return LEAKED.get();
    }
}
