package dev.osteon.nn;

import dev.osteon.engine.EngineException;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.SequencedMap;
import java.util.function.Predicate;

/**
 * Parameters that share a weight decay.
 *
 * @param parameters  by full name
 * @param weightDecay the factor of the L2 term's gradient, 0 or more
 */
public record ParameterGroup(SequencedMap<String, Parameter> parameters, double weightDecay) {

    public ParameterGroup {
        if (!(weightDecay >= 0)) {
            throw new EngineException("weight decay: given " + weightDecay + "; expected 0 or more");
        }
        parameters = Collections.unmodifiableSequencedMap(new LinkedHashMap<>(parameters));
    }

    /** All parameters of a network. */
    public static ParameterGroup of(Module module, double weightDecay) {
        return new ParameterGroup(module.parameters(), weightDecay);
    }

    /** Those of this group that {@code wanted} accepts, with another weight decay. */
    public ParameterGroup where(Predicate<Parameter> wanted, double newWeightDecay) {
        SequencedMap<String, Parameter> chosen = new LinkedHashMap<>(parameters);
        chosen.values().removeIf(wanted.negate());
        return new ParameterGroup(chosen, newWeightDecay);
    }
}
