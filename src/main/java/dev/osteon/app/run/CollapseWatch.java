package dev.osteon.app.run;

import dev.osteon.app.config.RunConfig;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.EnumSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;

/**
 * Tells of each thing that has collapsed, or is about to, when that is first seen and when it is over, and not in every
 * epoch between: what is seen of an epoch goes into the curves.
 */
final class CollapseWatch {

    /** Below these the features of different segments are all but the same (spread), or on few lines (rank). */
    private static final double LEAST_SPREAD = 0.05;
    private static final double LEAST_RANK = 2;
    /** SwAV's loss / ln K above this, after this share of training: all prototypes are still predicted alike. */
    private static final double CHANCE = 0.98;
    private static final double SETTLED = 0.5;
    /** Smaller shares of the prototypes in use are the collapse that the codes are to prevent. */
    private static final double LEAST_OCCUPIED = 0.05;
    private static final String ONCE = " (told once, and when it is over; curves.csv has each epoch)";

    /** What can collapse. */
    private enum Part {
        FEATURES("the features are spread again"),
        PREDICTIONS("SwAV's prototypes are told apart again"),
        PROTOTYPES("enough of SwAV's prototypes are in use again");

        private final String over;

        Part(String over) {
            this.over = over;
        }
    }

    private final RunConfig.Pretrain pretrain;
    private final Set<Part> collapsed = EnumSet.noneOf(Part.class);

    CollapseWatch(RunConfig.Pretrain pretrain) {
        this.pretrain = pretrain;
    }

    /**
     * What is new after an epoch, a line each.
     *
     * @param values by column of curves.csv
     * @param epoch  counted from 1
     */
    List<String> after(int epoch, Map<String, Double> values) {
        Map<Part, String> seen = seen(epoch, values);
        List<String> lines = new ArrayList<>();
        for (Part part : Part.values()) {
            if (seen.containsKey(part) && collapsed.add(part)) {
                lines.add("collapse: after epoch " + epoch + " " + seen.get(part) + ONCE);
            } else if (!seen.containsKey(part) && collapsed.remove(part)) {
                lines.add("collapse: over; after epoch " + epoch + " " + part.over);
            }
        }
        return lines;
    }

    /** What was seen, and what to set. */
    private Map<Part, String> seen(int epoch, Map<String, Double> values) {
        Map<Part, String> seen = new EnumMap<>(Part.class);
        double spread = values.get("spread");
        double rank = values.get("effective_rank");
        if (spread < LEAST_SPREAD || rank < LEAST_RANK) {
            seen.put(Part.FEATURES, line("the features' spread is %.3f (1: over the sphere, 0: one point) and their "
                    + "effective rank %.1f; train for longer, lower pretrain.learningRate, or raise pretrain.batch",
                    spread, rank));
        }
        if (values.containsKey("prototypes_occupied")) {
            double chance = values.get("loss_per_chance");
            double occupied = values.get("prototypes_occupied");
            if (chance > CHANCE && epoch >= SETTLED * pretrain.epochs()) {
                seen.put(Part.PREDICTIONS, line("SwAV's loss is %.3f ln K, that of predicting all prototypes alike; "
                        + "lower swav.prototypes, swav.freezeSteps or swav.epsilon", chance));
            }
            if (occupied < LEAST_OCCUPIED) {
                seen.put(Part.PROTOTYPES, line("only %.1f %% of SwAV's prototypes are any sample's first choice; "
                        + "lower pretrain.learningRate or swav.prototypes", 100 * occupied));
            }
        }
        return seen;
    }

    private static String line(String format, Object... values) {
        return String.format(Locale.ROOT, format, values);
    }
}
