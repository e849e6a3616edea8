package dev.osteon.ssl.views;

import java.util.concurrent.atomic.LongAdder;

/** Counts what drawing views took; may be shared between threads. */
public final class ViewStatistics {

    private final LongAdder views = new LongAdder();
    private final LongAdder tries = new LongAdder();
    private final LongAdder sparse = new LongAdder();

    void drawn(int attempts, boolean enough) {
        views.increment();
        tries.add(attempts);
        if (!enough) {
            sparse.increment();
        }
    }

    public long views() {
        return views.sum();
    }

    /** Draws in total; equals the views where none is drawn again. */
    public long tries() {
        return tries.sum();
    }

    /** Views that stayed under the threshold: with rejection sampling, those that fell back to the best try. */
    public long sparse() {
        return sparse.sum();
    }

    @Override
    public String toString() {
        return views() + " views, " + tries() + " draws, " + sparse() + " under the threshold";
    }
}
