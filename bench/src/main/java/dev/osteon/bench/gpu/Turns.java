package dev.osteon.bench.gpu;

import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Implementations of one work in turn, A B A B …, each in a process of its own.
 *
 * @param warmUp turns that are not counted
 * @param runs   in one turn, of which the median counts
 * @param pause  between turns: the threads of thread pools go on spinning for a while after their work, and would take
 *               it from the other's
 */
public record Turns(int warmUp, int rounds, int runs, Duration pause) {

    /**
     * Times them.
     *
     * @param ours  has its work open, as all others have
     * @param peers what ours is compared with; one that fails is left out and its message recorded
     * @throws IOException when ours fails
     */
    public Map<String, Object> compare(Worker ours, List<Worker> peers) throws IOException {
        Map<String, Object> result = new LinkedHashMap<>();
        result.put("rounds", rounds);
        List<Worker> running = new ArrayList<>(peers);
        for (int i = -warmUp; i < rounds; i++) {
            if (i == 0) {
                ours.forget();
                running.forEach(Worker::forget);
            }
            turn(ours);
            for (Worker peer : peers) {
                if (running.contains(peer)) {
                    try {
                        turn(peer);
                    } catch (IOException e) {
                        running.remove(peer);
                        result.put(failure(peer), e.getMessage());
                    }
                }
            }
        }
        result.put(ours.name(), ours.summary());
        for (Worker peer : running) {
            result.put(peer.name(), peer.summary());
            double[] ratios = new double[rounds];
            Arrays.setAll(ratios, i -> peer.milliseconds().get(i) / ours.milliseconds().get(i));
            Arrays.sort(ratios);
            Map<String, Object> ratio = new LinkedHashMap<>();
            ratio.put("min", ratios[0]);
            ratio.put("median", ratios[rounds / 2]);
            ratio.put("max", ratios[rounds - 1]);
            result.put(peer.label() + " / " + ours.label() + ", pair by pair", ratio);
        }
        return result;
    }

    /** The name under which a result holds why a peer was left out. */
    public static String failure(Worker peer) {
        return peer.label() + " failed";
    }

    private void turn(Worker worker) throws IOException {
        try {
            Thread.sleep(pause);
        } catch (InterruptedException e) {
            throw new IOException("interrupted", e);
        }
        worker.turn(runs);
    }
}
