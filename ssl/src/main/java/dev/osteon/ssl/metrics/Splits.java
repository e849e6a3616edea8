package dev.osteon.ssl.metrics;

import dev.osteon.engine.EngineException;
import dev.osteon.engine.random.Philox;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Which samples train, validate and test.
 *
 * @param train      sample numbers, ascending; likewise the others
 */
public record Splits(List<Integer> train, List<Integer> validation, List<Integer> test) {

    /** Of each class: one for each of training, validation and test. */
    public static final int LEAST_GROUPS = 3;

    /**
     * 8 : 1 : 1 within each class, no group in two parts; at least one group of each class in validation and test.
     *
     * @param labels 0 or 1, one for each sample
     * @param groups what must stay together: the subject, or the sample itself for a split by segment
     * @throws EngineException when a class has fewer than {@value #LEAST_GROUPS} groups
     */
    public static Splits stratified(int[] labels, List<String> groups, long seed) {
        Map<String, List<Integer>> members = new LinkedHashMap<>();
        for (int i = 0; i < labels.length; i++) {
            members.computeIfAbsent(groups.get(i), g -> new ArrayList<>()).add(i);
        }
        List<Integer> train = new ArrayList<>();
        List<Integer> validation = new ArrayList<>();
        List<Integer> test = new ArrayList<>();
        for (int label = 0; label <= 1; label++) {
            int wanted = label;
            List<String> names = members.keySet().stream().filter(g -> classOf(members.get(g),
                    labels) == wanted).toList();
            if (names.size() < LEAST_GROUPS) {
                throw new EngineException("split: given " + names.size() + " subjects of class " + label
                        + (label == 0 ? " (negative)" : " (positive)")
                        + "; expected at least " + LEAST_GROUPS
                        + " of each class, one for each of training, validation and test");
            }
            int[] order = Philox.of(seed).fork("split").fork(label).permutation(names.size());
            int tenth = Math.max(1, (int) Math.round(names.size() / 10.0));
            for (int k = 0; k < order.length; k++) {
                List<Integer> part = k < tenth ? test : k < 2 * tenth ? validation : train;
                part.addAll(members.get(names.get(order[k])));
            }
        }
        return new Splits(train.stream().sorted().toList(), validation.stream().sorted().toList(),
                test.stream().sorted().toList());
    }

    /** A group with any positive sample counts as positive. */
    private static int classOf(List<Integer> samples, int[] labels) {
        return samples.stream().mapToInt(i -> labels[i]).max().orElse(0);
    }
}
