package dev.osteon.bench.run;

import com.fasterxml.jackson.annotation.JsonIgnore;
import dev.osteon.app.profile.Profile;
import dev.osteon.bench.Work;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;

/**
 * What a process of {@link ForkMain} found out.
 *
 * @param description  the implementation in words
 * @param milliseconds of one run, the mean of each of JMH's iterations
 * @param peakKib      the most memory of the process; 0 where the system does not tell
 * @param operations   of one run of ours; empty for peers
 * @param outcome      value and norm of the first {@link Work.Outcome}; empty where there is none
 * @param failure      why there is nothing else; empty when it was measured
 */
record Measurement(String description, List<Double> milliseconds, long peakKib, List<Profile.Row> operations,
        List<Double> outcome, String failure) {

    static Measurement failed(String why) {
        return new Measurement("", List.of(), 0, List.of(), List.of(), why);
    }

    /** With another reason, when that is known. */
    Measurement orCrash(Optional<String> crash) {
        return crash.map(Measurement::failed).orElse(this);
    }

    @JsonIgnore
    boolean isFailed() {
        return !failure.isEmpty();
    }

    /** The median of the iterations. */
    double median() {
        double[] sorted = milliseconds.stream().mapToDouble(Double::doubleValue).toArray();
        Arrays.sort(sorted);
        return (sorted[sorted.length / 2] + sorted[(sorted.length - 1) / 2]) / 2;
    }

    Optional<Work.Outcome> compared() {
        return outcome.isEmpty() ? Optional.empty() : Optional.of(new Work.Outcome(outcome.get(0), outcome.get(1)));
    }
}
