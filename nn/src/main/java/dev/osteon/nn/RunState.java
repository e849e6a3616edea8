package dev.osteon.nn;

import java.util.Map;

/**
 * What a run needs besides its tensors to go on where it stopped, and what tells where it came from.
 *
 * @param epoch      epochs done
 * @param step       optimiser steps done
 * @param random     state of each random stream by name: its seed or counter
 * @param config     the run's settings
 * @param provenance data hash, commit, machine, library versions
 */
public record RunState(int epoch, long step, Map<String, Long> random, Map<String, String> config,
        Map<String, String> provenance) {

    public RunState {
        random = Map.copyOf(random);
        config = Map.copyOf(config);
        provenance = Map.copyOf(provenance);
    }
}
