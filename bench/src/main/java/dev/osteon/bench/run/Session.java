package dev.osteon.bench.run;

import dev.osteon.app.profile.Peaks;
import dev.osteon.app.profile.Profile;
import dev.osteon.bench.ComparedBenchmark;
import dev.osteon.bench.Peer;
import dev.osteon.bench.Work.Outcome;
import dev.osteon.bench.result.BenchResult;
import dev.osteon.bench.result.CaseResult;
import dev.osteon.bench.result.Side;
import dev.osteon.bench.result.Spread;
import java.io.IOException;
import java.io.PrintWriter;
import java.time.ZonedDateTime;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;

/**
 * Rounds through cases, ours and peers in turn: A B A B …, each time in a new process. Two times that stand side by
 * side in a round saw the same machine.
 */
final class Session {

    private final Fork fork;
    private final List<Peer> peers;
    private final String commit;
    private final PrintWriter progress;
    private final Map<BenchmarkCase, Map<String, Turns>> done = new LinkedHashMap<>();

    /** One implementation's measurements of a case, round by round. */
    private static final class Turns {
        private final List<Measurement> measurements = new ArrayList<>();
        private String failure = "";

        Side side(String name) {
            if (!failure.isEmpty()) {
                return Side.failed(name, failure);
            }
            return new Side(name, measurements.getFirst().description(), measurements.stream()
                    .map(Measurement::median).toList(), measurements.stream().mapToLong(Measurement::peakKib).max()
                    .orElse(0) >> 10, "");
        }
    }

    /** @param peers those that a case is measured beside, if it has them */
    Session(Fork fork, List<Peer> peers, String commit, PrintWriter progress) {
        this.fork = fork;
        this.peers = peers;
        this.commit = commit;
        this.progress = progress;
    }

    /** One more round of a case; a side that has failed once is left out. */
    void round(BenchmarkCase what, String label) throws IOException {
        ComparedBenchmark benchmark = what.instance();
        progress.printf(Locale.ROOT, "%s: %-40s", label, what.name());
        progress.flush();
        Optional<String> missing = benchmark.missing();
        turn(what, Optional.empty(), missing);
        for (Peer peer : peers) {
            if (benchmark.peers().contains(peer)) {
                turn(what, Optional.of(peer), missing);
            }
        }
        progress.println();
    }

    private void turn(BenchmarkCase what, Optional<Peer> peer, Optional<String> missing) throws IOException {
        String name = peer.map(Peer::toString).orElse(ComparedBenchmark.OURS);
        Map<String, Turns> sides = done.computeIfAbsent(what, w -> new LinkedHashMap<>());
        Turns turns = sides.computeIfAbsent(name, n -> new Turns());
        if (turns.failure.isEmpty()) {
            Measurement measurement = missing.isPresent() ? Measurement.failed(missing.get())
                    : fork.measure(what, peer);
            turns.failure = measurement.isFailed() ? measurement.failure() : disagreement(sides, measurement);
            turns.measurements.add(measurement);
        }
        progress.print("  " + name + " " + (turns.failure.isEmpty()
                ? Spread.number(turns.measurements.getLast().median()) + " ms" : "failed: " + turns.failure));
        progress.flush();
    }

    /** Why what came out is not what ours gives for the same inputs; empty when it is, or cannot be compared. */
    private static String disagreement(Map<String, Turns> sides, Measurement measurement) {
        Optional<Outcome> ours = sides.get(ComparedBenchmark.OURS).measurements.stream().findFirst()
                .flatMap(Measurement::compared);
        Optional<Outcome> theirs = measurement.compared();
        return ours.isEmpty() || theirs.isEmpty() || ours.get().agreesWith(theirs.get()) ? ""
                : "gives " + theirs.get() + " where ours gives " + ours.get() + "; expected values alike to 1e-4 and "
                        + "norms to 1e-3";
    }

    /** What was measured until now, put into an earlier result of the machine. */
    BenchResult into(BenchResult earlier) {
        BenchResult result = earlier;
        for (Map.Entry<BenchmarkCase, Map<String, Turns>> entry : done.entrySet()) {
            List<Profile.Row> operations = entry.getValue().get(ComparedBenchmark.OURS).measurements.getFirst()
                    .operations();
            result = result.with(new CaseResult(entry.getKey().benchmark(), entry.getKey().parameters(), commit,
                    ZonedDateTime.now().truncatedTo(ChronoUnit.SECONDS).toString(),
                    operations.stream().mapToDouble(Profile.Row::flops).sum(),
                    operations.stream().mapToDouble(Profile.Row::bytes).sum(), 1e3 * least(earlier.peaks(), operations),
                    entry.getValue().entrySet().stream().map(side -> side.getValue().side(side.getKey())).toList()));
        }
        return result;
    }

    private static double least(Peaks peaks, List<Profile.Row> operations) {
        return operations.stream().mapToDouble(peaks::least).sum();
    }

    /** Cases of which ours failed. */
    List<String> failures() {
        return done.entrySet().stream().filter(entry -> entry.getKey().instance().missing().isEmpty()
                && !entry.getValue().get(ComparedBenchmark.OURS).failure.isEmpty())
                .map(entry -> entry.getKey().name()).toList();
    }
}
