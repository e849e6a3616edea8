package dev.osteon.app.segment.auto;

import dev.osteon.app.image.GrayImage;
import dev.osteon.app.phantom.Bone;
import dev.osteon.app.segment.BonePrompt;
import dev.osteon.app.segment.Prompting;
import dev.osteon.app.segment.auto.HandModel.Axis;
import dev.osteon.models.sam.Point;
import dev.osteon.models.sam.PointPrompt;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.EnumMap;
import java.util.EnumSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * Prompts for all bones of a hand from the image alone: a model is fitted for a thumb on either side, the better one
 * is taken, each metacarpal is fitted once more on its own, and points are placed along the axes.
 */
public final class HandPrompts implements Prompting {

    private static final double DOUBTFUL = 0.45;
    /** Fits that were right scored more than the higher, one that was wrong between them. */
    private static final double HIGH = 0.85;
    private static final double LOWEST = 0.6;
    /** Knees and noise score less. */
    private static final double NOTHING = 0.5;
    /** In local standard deviations. */
    private static final double DARKER = 0.6;
    /** Of what the model has of the forearm, that the image must hold. */
    private static final double LEAST_ARM = 0.2;
    private static final int ARM_STEPS = 20;
    private static final double SEEN = 0.1;
    private static final double[] POSITIVE = {0.2, 0.5, 0.8};

    @Override
    public Placed place(String file, GrayImage image) {
        ContrastMap map = new ContrastMap(image);
        HandFit fit = new HandFit(map);
        HandFit.Found found = fit.find();
        HandFit.Fitted best = found.best();
        if (best.score() < NOTHING) {
            return new Placed(Map.of(), Map.of(), notFound(EnumSet.allOf(Bone.class)), List.of());
        }
        double lead = best.score() - found.otherSide().score();
        Map<Bone, Axis> axes = axes(map, fit, best.model());
        Map<Bone, BonePrompt> prompts = new EnumMap<>(Bone.class);
        Map<Bone, Double> confidence = new EnumMap<>(Bone.class);
        Map<Bone, String> doubts = new EnumMap<>(Bone.class);
        axes.forEach((bone, axis) -> {
            List<Point> positive = new ArrayList<>();
            for (double share : POSITIVE) {
                positive.add(original(axis.at(share, 0), map));
            }
            List<Point> negative = new ArrayList<>();
            axes.forEach((other, line) -> {
                if (other != bone) {   // its middle is in the image
                    negative.add(original(line.at(0.5, 0), map));
                }
            });
            beyond(bone, best.model()).stream().filter(p -> map.holds(p.x(), p.y())).map(p -> original(p, map))
                    .forEach(negative::add);
            PointPrompt between = new PointPrompt(positive, nearest(positive.get(1), negative));
            prompts.put(bone, BonePrompt.of(between.without(beside(axis, aside(bone) * best.model().scale(), map))));
            double sure = Math.clamp(fit.bone(axis, 1.9 * axis.halfWidth(), 0) / 0.8, 0, 1)
                    * Math.clamp((best.score() - LOWEST) / (HIGH - LOWEST), 0, 1) * Math.clamp(0.5 + 5 * lead, 0.5, 1);
            confidence.put(bone, sure);
            if (sure < DOUBTFUL) {
                doubts.put(bone, String.format(Locale.ROOT, "placed with a confidence of %.2f", sure));
            }
        });
        Set<Bone> missing = EnumSet.allOf(Bone.class);
        missing.removeAll(axes.keySet());
        doubts.putAll(notFound(missing));
        List<String> notes = new ArrayList<>();
        if (found.elsewhere().filter(other -> other.score() > LOWEST).isPresent()) {
            notes.add("there seems to be another hand in the image; only one was given prompts");
        }
        return new Placed(prompts, confidence, doubts, notes);
    }

    private static Map<Bone, String> notFound(Set<Bone> bones) {
        Map<Bone, String> doubts = new EnumMap<>(Bone.class);
        bones.forEach(bone -> doubts.put(bone, "not in the image, or not found"));
        return doubts;
    }

    private static Map<Bone, Axis> axes(ContrastMap map, HandFit fit, HandModel model) {
        Map<Bone, Axis> axes = new EnumMap<>(Bone.class);
        arm(map, fit, model.ulna(), aside(Bone.ULNA) * model.scale()).ifPresent(axis ->
                axes.put(Bone.ULNA, alone(fit, axis, aside(Bone.ULNA), model.scale())));
        arm(map, fit, model.radius(), aside(Bone.RADIUS) * model.scale()).ifPresent(axis ->
                axes.put(Bone.RADIUS, alone(fit, axis, aside(Bone.RADIUS), model.scale())));
        for (int finger = 1; finger <= 5; finger++) {
            axes.put(Bone.values()[Bone.MC1.ordinal() + finger - 1],
                    alone(fit, model.metacarpal(finger), aside(Bone.MC2), model.scale()));
        }
        axes.values().removeIf(axis -> Arrays.stream(POSITIVE).mapToObj(share -> axis.at(share, 0))
                .anyMatch(p -> !map.holds(p.x(), p.y())));
        return axes;
    }

    /**
     * The part of a forearm bone that is to be seen, if that is enough for three points: it ends with the image, or
     * where it is not brighter than its sides any more, as beyond the collimator.
     */
    private static Optional<Axis> arm(ContrastMap map, HandFit fit, Axis axis, double aside) {
        double seen = 0;
        for (int i = 1; i <= ARM_STEPS; i++) {
            double share = (double) i / ARM_STEPS;
            Point p = axis.at(share, 0);
            if (map.holds(p.x(), p.y()) && (share < LEAST_ARM || fit.contrast(axis, share, aside, 0) > SEEN)) {
                seen = share;
            } else if (share > seen + 2.5 / ARM_STEPS) {
                break;
            }
        }
        return seen < LEAST_ARM ? Optional.empty()
                : Optional.of(new Axis(axis.from(), axis.at(seen, 0), axis.halfWidth()));
    }

    /** An axis with its ends moved by a few mm to where it is brightest against its sides, {@code aside} mm off. */
    private static Axis alone(HandFit fit, Axis start, double aside, double scale) {
        Axis best = start;
        double score = Double.NEGATIVE_INFINITY;
        for (int from = -3; from <= 3; from++) {
            for (int to = -4; to <= 4; to++) {
                Axis axis = new Axis(start.at(0, from * scale), start.at(1, to * scale), start.halfWidth());
                double value = fit.bone(axis, aside * scale, 0) - 0.01 * (from * from + 0.6 * to * to);
                if (value > score) {
                    score = value;
                    best = axis;
                }
            }
        }
        return best;
    }

    /** What lies beyond the bone's ends: phalanx and carpus. */
    private static List<Point> beyond(Bone bone, HandModel model) {
        return switch (bone) {
            case ULNA -> List.of(model.place(-12, -9), model.radius().at(0.1, 0));
            case RADIUS -> List.of(model.place(9, -9), model.ulna().at(0.1, 0));
            default -> {
                int finger = bone.ordinal() - Bone.MC1.ordinal() + 1;
                Point base = model.metacarpal(finger).at(-0.18, 0);
                yield List.of(model.phalanx(finger).at(0.35, 0), base);
            }
        };
    }

    /** Soft tissue or air on both sides of the shaft, where it is clearly darker than the axis. */
    private static List<Point> beside(Axis axis, double aside, ContrastMap map) {
        List<Point> points = new ArrayList<>();
        for (double share : new double[] {0.35, 0.65}) {
            for (int sign = -1; sign <= 1; sign += 2) {
                Point on = axis.at(share, 0);
                Point off = axis.at(share, sign * aside);
                if (map.holds(on.x(), on.y()) && map.holds(off.x(), off.y())
                        && map.at(on.x(), on.y(), 0) - map.at(off.x(), off.y(), 0) > DARKER) {
                    points.add(original(off, map));
                }
            }
        }
        return points;
    }

    /** How far from its axis there is no bone any more, beside the shaft, in mm. */
    private static double aside(Bone bone) {
        return switch (bone) {
            case RADIUS -> 13.5;
            case ULNA -> 10.5;
            case MC1 -> 10;
            default -> 8.5;
        };
    }

    /** At most six of the points, those nearest to the bone. */
    private static List<Point> nearest(Point middle, List<Point> points) {
        return points.stream().sorted(Comparator.comparingDouble(middle::distance)).limit(6).toList();
    }

    /** Not nearer to the right and lower edge than half a pixel, where rounding would take it out of the image. */
    private static Point original(Point p, ContrastMap map) {
        return new Point(Math.min(p.x(), map.width() - 0.5 / map.scale()) * map.scale(),
                Math.min(p.y(), map.height() - 0.5 / map.scale()) * map.scale());
    }
}
