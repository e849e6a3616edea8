package dev.osteon.bench.result;

import com.fasterxml.jackson.annotation.JsonProperty;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.IntStream;

/**
 * A benchmark at one value of each of its parameters.
 *
 * @param benchmark  its name
 * @param parameters by name
 * @param commit     that was measured
 * @param time       when the last round ended
 * @param flops      floating-point operations of one run, by {@code Op.cost}
 * @param bytes      that one run must move at least, by {@code Op.cost}
 * @param leastMs    the least time that these operations can take here: each as long as its FLOPs or its bytes take at
 *                   the machine's peaks, whichever is longer
 * @param sides      ours first, then peers
 */
public record CaseResult(String benchmark, Map<String, String> parameters, String commit, String time, double flops,
        double bytes, double leastMs, List<Side> sides) {

    /** The benchmark and its parameters' values. */
    @JsonProperty(value = "name", access = JsonProperty.Access.READ_ONLY)
    public String name() {
        return benchmark + (parameters.isEmpty() ? "" : " " + String.join(" ", parameters.values()));
    }

    /** The parameters' values, or the benchmark where it has none. */
    String label() {
        return parameters.isEmpty() ? benchmark : String.join(" ", parameters.values());
    }

    /** Our side. */
    public Side ours() {
        return sides.getFirst();
    }

    /** The peers' sides. */
    public List<Side> peers() {
        return sides.subList(1, sides.size());
    }

    /** A peer's time by ours, round by round; empty when either was not measured. */
    public Optional<Spread> ratio(Side peer) {
        if (!peer.measured() || !ours().measured()) {
            return Optional.empty();
        }
        return Optional.of(Spread.of(IntStream.range(0, Math.min(peer.milliseconds().size(),
                ours().milliseconds().size())).mapToObj(i -> peer.milliseconds().get(i) / ours().milliseconds().get(i))
                .toList()));
    }

    /** Each measured peer's {@link #ratio} by its name; written for readers of the file. */
    @JsonProperty(value = "peer's time by ours, round by round", access = JsonProperty.Access.READ_ONLY)
    public Map<String, Spread> ratios() {
        Map<String, Spread> ratios = new LinkedHashMap<>();
        peers().forEach(peer -> ratio(peer).ifPresent(ratio -> ratios.put(peer.name(), ratio)));
        return ratios;
    }

    /** The least time by our median; 0 when it was not measured. */
    @JsonProperty(value = "share of the roofline", access = JsonProperty.Access.READ_ONLY)
    public double share() {
        return ours().measured() ? leastMs / ours().spread().median() : 0;
    }
}
