package dev.osteon.app.phantom;

/** Told after each subject of a phantom data set is on disk; calls come one at a time, from several threads. */
@FunctionalInterface
public interface PhantomProgress {
    /** Listens to nothing. */
    PhantomProgress SILENT = (done, total) -> { };

    /**
     * @param done subjects finished so far, 1..total, each once, ascending
     * @param total subjects of the data set
     */
    void subjectDone(int done, int total);
}
