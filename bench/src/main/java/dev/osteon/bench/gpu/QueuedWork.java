package dev.osteon.bench.gpu;

import dev.osteon.engine.EngineException;
import dev.osteon.engine.backend.Backend;
import dev.osteon.engine.backend.Recorder;
import dev.osteon.engine.backend.Recording;
import dev.osteon.engine.memory.MemoryReserve;
import java.util.ArrayList;
import java.util.List;
import java.util.function.DoubleSupplier;

/**
 * Work on a GPU, queued some times over and waited for once: wall-clock time around a synchronised batch, so that one
 * wait and one first launch do not count. A run takes {@code turnMillis} or is one repetition.
 */
final class QueuedWork implements ServedWork {

    private static final int WARM_UP = 3;
    private static final int MOST = 2000;

    /** What is queued, what it gives, and what is to be closed in the end. */
    record Body(Runnable queue, DoubleSupplier number, Runnable close) {

        /**
         * Work as a graph, which is queued as a whole, in memory of its own; its number is how many kernels it has.
         *
         * @throws EngineException when the device has no graphs
         */
        static Body recorded(Backend backend, Runnable work) {
            Recorder recorder = backend.recorder().orElseThrow(() -> new EngineException(
                    "given -Dosteon.cuda.graphs=false; expected graphs, which are to be timed"));
            MemoryReserve reserve = backend.allocator().reserve(() -> { });
            List<Recording> recording = new ArrayList<>();
            backend.allocator().within(reserve, () -> recording.add(recorder.record(work)));
            return new Body(recording.getFirst()::queue, recording.getFirst()::size, () -> {
                recording.getFirst().close();
                reserve.close();
            });
        }
    }

    private final String name;
    private final Backend backend;
    private final Body body;
    private final int repeats;
    private double queuedMillis;

    QueuedWork(String name, Backend backend, Body body, int turnMillis) {
        this.name = name;
        this.backend = backend;
        this.body = body;
        for (int i = 0; i < WARM_UP; i++) {           // kernels are compiled, algorithms chosen, memory taken
            body.queue.run();
        }
        backend.synchronize();
        this.repeats = (int) Math.clamp(Math.ceil(turnMillis / Math.max(1e-4, milliseconds(1))), 1, MOST);
        backend.allocator().resetPeak();
    }

    private double milliseconds(int times) {
        long start = System.nanoTime();
        for (int i = 0; i < times; i++) {
            body.queue.run();
        }
        queuedMillis = (System.nanoTime() - start) / 1e6;
        backend.synchronize();
        return (System.nanoTime() - start) / 1e6;
    }

    @Override
    public String name() {
        return name;
    }

    @Override
    public int repeats() {
        return repeats;
    }

    /** One run's milliseconds for each repetition. */
    double timed() {
        return milliseconds(repeats) / repeats;
    }

    /** Of the last run, the host's milliseconds to queue one repetition: where that is all, the GPU had to wait. */
    double queued() {
        return queuedMillis / repeats;
    }

    @Override
    public double run() {
        milliseconds(repeats);
        return body.number.getAsDouble();
    }

    @Override
    public long peakKib() {
        return backend.allocator().stats().peak() >> 10;
    }

    @Override
    public void close() {
        body.close.run();
        backend.synchronize();
        backend.allocator().trim();
    }
}
