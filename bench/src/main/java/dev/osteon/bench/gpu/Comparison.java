package dev.osteon.bench.gpu;

import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;

/** Ours and PyTorch's processes for one part, and the works that they do in turn. A process that failed is replaced. */
final class Comparison implements AutoCloseable {

    private static final int WARM_UP = 1;
    private static final Duration NO_PAUSE = Duration.ZERO;

    private final Bench bench;
    private final String[] options;
    private final Map<String, Worker> workers = new LinkedHashMap<>();

    /** @param options of our virtual machine */
    Comparison(Bench bench, String... options) {
        this.bench = bench;
        this.options = options;
    }

    /** A side of a comparison: a label that begins with {@code pytorch}, and the words of the work. */
    record Peer(String label, List<String> words) {}

    /** What was measured: ours first, with its median, and each peer's time by ours where that is known. */
    record Result(Map<String, Object> facts, double millis, Map<String, String> cells) {}

    /**
     * Ours and peers in turn. Failures of peers are noted in the section.
     *
     * @throws IOException when ours fails
     */
    Result turns(Section section, List<String> words, List<Peer> peers) throws IOException {
        Worker ours = worker("osteon");
        try {
            ours.open(words.toArray(String[]::new));
        } catch (IOException e) {
            drop("osteon");
            throw new IOException(String.join(" ", words) + ": " + e.getMessage(), e);
        }
        List<Worker> ready = new ArrayList<>();
        for (Peer peer : bench.peer().isPresent() ? peers : List.<Peer>of()) {
            try {
                Worker worker = worker(peer.label);
                worker.open(peer.words.toArray(String[]::new));
                ready.add(worker);
            } catch (IOException e) {
                drop(peer.label);
                section.failed(String.join(" ", peer.words) + ": " + e.getMessage());
            }
        }
        try {
            Map<String, Object> facts = new Turns(WARM_UP, bench.rounds(), 1, NO_PAUSE).compare(ours, ready);
            Map<String, String> cells = new LinkedHashMap<>();
            for (Worker peer : ready) {
                Optional.ofNullable(facts.get(Turns.failure(peer))).ifPresent(message -> {
                    section.failed(String.valueOf(message));
                    drop(peer.label());
                });
                if (facts.get(peer.label() + " / osteon, pair by pair") instanceof Map<?, ?> ratio) {
                    cells.put(peer.label(), String.format(Locale.ROOT, "%s ms: **%.2f** (%.2f – %.2f)",
                            number(median(peer)), ratio.get("median"), ratio.get("min"), ratio.get("max")));
                }
            }
            return new Result(facts, median(ours), cells);
        } catch (IOException e) {
            drop("osteon");
            throw e;
        }
    }

    static double median(Worker worker) {
        double[] times = worker.milliseconds().stream().mapToDouble(Double::doubleValue).sorted().toArray();
        return times[times.length / 2];
    }

    /** Three significant digits. */
    static String number(double value) {
        double magnitude = Math.abs(value);
        String format = magnitude >= 100 ? "%.0f" : magnitude >= 10 ? "%.1f" : magnitude >= 1 ? "%.2f" : "%.4f";
        return String.format(Locale.ROOT, format, value);
    }

    private Worker worker(String label) throws IOException {
        Worker worker = workers.get(label);
        if (worker == null) {
            worker = label.equals("osteon") ? bench.ours(options) : bench.pytorch(label);
            workers.put(label, worker);
        }
        return worker;
    }

    /** Ends a side's process; the next work gets a new one. */
    void drop(String label) {
        Worker worker = workers.remove(label);
        if (worker != null) {
            worker.close();
        }
    }

    @Override
    public void close() {
        List.copyOf(workers.keySet()).forEach(this::drop);
    }
}
