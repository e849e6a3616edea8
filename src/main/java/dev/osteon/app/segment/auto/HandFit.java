package dev.osteon.app.segment.auto;

import dev.osteon.app.segment.auto.HandModel.Axis;
import dev.osteon.models.sam.Point;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.SplittableRandom;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/**
 * Finds the model that fits an image best: a coarse search over place, size, turn and side, then random refinement of
 * the best. Bone axes must be bright with darker stripes on both sides, the carpus bright and wide.
 */
final class HandFit {

    /** A fitted model and its score, about 0 for none and above 1 for a clear hand. */
    record Fitted(HandModel model, double score) {}

    private static final double OUTSIDE = -0.6;
    private static final int KEPT = 120;
    private static final int SHIFTED = 16;
    /** From one row of bones to the next, mm. */
    private static final double ROW = 48;
    private static final double MOST_BENT = 0.7;
    /** Tries at the mirror image of the other side's best. */
    private static final int MIRRORED = 3;
    private static final int REFINEMENTS = 500;
    /** Places over the two rows of carpal bones, mm. */
    private static final double[][] CARPUS = {{16, 3}, {10, 3}, {4, 4}, {-2, 4}, {-8, 3}, {-13, 0}, {12, -6}, {6, -6},
        {0, -8}, {-6, -7}, {-12, -7}, {3, -1}, {-4, -2}};
    private static final double[] SHAFT = {0.3, 0.38, 0.46, 0.54, 0.62, 0.7};
    private static final double[] SHARES = {0.15, 0.3, 0.45, 0.6, 0.75};
    private static final double WAIST = 0.5;
    private static final double JOINT_WITHIN = 0.6;
    private static final double TYPICAL_THUMB = 38;

    private final ContrastMap map;

    HandFit(ContrastMap map) {
        this.map = map;
    }

    /** The best of one side, 1 or −1. */
    private Fitted best(int side) {
        double longest = Math.max(map.width(), map.height());
        List<Fitted> starts = new ArrayList<>();
        for (double share = 0.16; share <= 0.42; share *= 1.13) {
            double scale = share * longest / 65;
            double step = 8 * scale;
            for (int turn = -8; turn < 8; turn++) {
                double angle = turn * Math.PI / 8;
                for (double y = step; y < map.height(); y += step) {
                    for (double x = step; x < map.width(); x += step) {
                        HandModel model = new HandModel(x, y, scale, angle, side, 1, TYPICAL_THUMB, 0);
                        double score = score(model);
                        if (score > 0) {
                            starts.add(new Fitted(model, score));
                        }
                    }
                }
            }
        }
        starts.sort(Comparator.comparingDouble(Fitted::score).reversed());
        List<Fitted> refined = new ArrayList<>(refined(apart(starts), 0, 1));
        refined.sort(Comparator.comparingDouble(Fitted::score).reversed());
        List<Fitted> shifted = new ArrayList<>();
        for (Fitted fitted : refined.subList(0, Math.min(SHIFTED, refined.size()))) {
            for (double mm : new double[] {-ROW, ROW}) {   // phalanges look like metacarpals
                HandModel m = fitted.model();
                Point to = m.place(0, mm);
                HandModel moved = new HandModel(to.x(), to.y(), m.scale(), m.angle(), side, 1, m.thumb(), 0);
                shifted.add(new Fitted(moved, score(moved)));
            }
        }
        refined.addAll(refined(shifted, refined.size(), 1.5));
        return refined.stream().max(Comparator.comparingDouble(Fitted::score))
                .map(fitted -> refine(forearm(fitted), new SplittableRandom(1), 4 * REFINEMENTS, 0.5))
                .orElseGet(() -> new Fitted(new HandModel(map.width() / 2.0, map.height() / 2.0, longest / 260, 0, side,
                        1, TYPICAL_THUMB, 0), 0));
    }

    /** The fit of this side, or that of the other side mirrored in the hand's axis if it is better. */
    private Fitted orMirrored(Fitted own, Fitted other) {
        HandModel m = other.model();
        HandModel mirrored = new HandModel(m.x(), m.y(), m.scale(), m.angle(), -m.side(), m.spread(), m.thumb(),
                -m.forearm());
        Fitted better = own;
        for (int seed = 0; seed < MIRRORED; seed++) {
            Fitted fitted = refine(new Fitted(mirrored, score(mirrored)), new SplittableRandom(seed),
                    4 * REFINEMENTS, 1.5);
            better = fitted.score() > better.score() ? fitted : better;
        }
        return better;
    }

    /** The best of both sides, the better one first. */
    List<Fitted> bestOfEachSide() {
        Fitted right = best(1);
        Fitted left = best(-1);
        return Stream.of(orMirrored(right, left), orMirrored(left, right))
                .sorted(Comparator.comparingDouble(Fitted::score).reversed()).toList();
    }

    /** Every start refined, each with a seed of its own. */
    private List<Fitted> refined(List<Fitted> starts, int firstSeed, double size) {
        return IntStream.range(0, starts.size()).parallel().mapToObj(i ->
                refine(starts.get(i), new SplittableRandom(firstSeed + i), REFINEMENTS, size)).toList();
    }

    /** The best starts that differ from each other in place, turn or size. */
    private static List<Fitted> apart(List<Fitted> sorted) {
        List<Fitted> kept = new ArrayList<>();
        for (Fitted start : sorted) {
            HandModel m = start.model();
            boolean near = kept.stream().map(Fitted::model).anyMatch(k ->
                    Math.hypot(k.x() - m.x(), k.y() - m.y()) < 15 * m.scale() && Math.abs(k.angle() - m.angle()) < 0.5
                            && Math.abs(Math.log(k.scale() / m.scale())) < 0.2);
            if (!near) {
                kept.add(start);
            }
            if (kept.size() == KEPT) {
                break;
            }
        }
        return kept;
    }

    /** The same hand with the forearm bent as suits it best. */
    private Fitted forearm(Fitted fitted) {
        Fitted best = fitted;
        HandModel m = fitted.model();
        for (double bend = -MOST_BENT; bend <= MOST_BENT; bend += 0.05) {
            HandModel bent = new HandModel(m.x(), m.y(), m.scale(), m.angle(), m.side(), m.spread(), m.thumb(), bend);
            double score = score(bent);
            if (score > best.score()) {
                best = new Fitted(bent, score);
            }
        }
        return best;
    }

    /** Small random steps, of which those that raise the score are kept; the steps get smaller. */
    private Fitted refine(Fitted start, SplittableRandom random, int tries, double size) {
        Fitted best = start;
        for (int i = 0; i < tries; i++) {
            HandModel m = best.model();
            double step = size * (1 - 0.85 * i / tries);
            double jump = 6 * m.scale() * step;
            HandModel next = new HandModel(m.x() + jump * random.nextDouble(-1, 1),
                    m.y() + jump * random.nextDouble(-1, 1), m.scale() * (1 + 0.08 * step * random.nextDouble(-1, 1)),
                    m.angle() + 0.15 * step * random.nextDouble(-1, 1), m.side(),
                    Math.clamp(m.spread() + 0.2 * step * random.nextDouble(-1, 1), 0.6, 1.7),
                    Math.clamp(m.thumb() + 10 * step * random.nextDouble(-1, 1), 12, 62),
                    Math.clamp(m.forearm() + 0.12 * step * random.nextDouble(-1, 1), -MOST_BENT,
                            MOST_BENT));
            double score = score(next);
            if (score > best.score()) {
                best = new Fitted(next, score);
            }
        }
        return best;
    }

    double score(HandModel m) {
        double sum = 0;
        for (int finger = 2; finger <= 5; finger++) {
            Axis axis = m.metacarpal(finger);
            sum += bone(axis, 8.5 * m.scale(), OUTSIDE) + WAIST * waist(axis, 5.5 * m.scale())
                    - JOINT_WITHIN * joint(axis, 5.5 * m.scale());
        }
        sum += bone(m.metacarpal(1), 10 * m.scale(), OUTSIDE);
        if (sum < 1) {
            return 0;   // the rest cannot make up for that
        }
        for (int finger = 1; finger <= 5; finger++) {
            sum += 0.5 * bone(m.phalanx(finger), 9 * m.scale(), 0);
        }
        sum += 0.8 * bone(m.radius(), 13.5 * m.scale(), 0) + 0.8 * bone(m.ulna(), 10.5 * m.scale(), 0);
        sum += 1.5 * carpus(m) + palm(m) + WAIST * flare(m.radius(), 9.5 * m.scale());
        double unusual = 0.25 * square((m.spread() - 1) / 0.4) + 0.25 * square((m.thumb() - TYPICAL_THUMB) / 20)
                + 0.25 * square(m.forearm() / 0.3);
        return (sum - unusual) / 8;
    }

    private static double square(double v) {
        return v * v;
    }

    /** How much brighter an axis is than the brighter of its two sides, on the mean, each place at most 1. */
    double bone(Axis axis, double aside, double outside) {
        double sum = 0;
        for (double share : SHARES) {
            sum += contrast(axis, share, aside, outside);
        }
        return sum / SHARES.length;
    }

    /** Head and base are wide, the shaft between them narrow: the difference beside the axis, at most 1. */
    private double waist(Axis axis, double aside) {
        double head = 0;
        double base = 0;
        double shaft = 0;
        for (int sign = -1; sign <= 1; sign += 2) {
            base += value(axis.at(0.05, sign * aside), 0, 0);
            head += value(axis.at(0.97, sign * aside), 0, 0);
            shaft += value(axis.at(0.45, sign * 1.15 * aside), 0, 0) + value(axis.at(0.6, sign * 1.15 * aside), 0, 0);
        }
        return Math.clamp(Math.min(head, base) / 2 - shaft / 4, -1, 1);
    }

    /** Where two bones meet both are wide: how bright it is on both sides of what should be one bone's shaft, 0..1. */
    private double joint(Axis axis, double aside) {
        double most = 0;
        for (double share : SHAFT) {
            most = Math.max(most, Math.min(value(axis.at(share, -aside), 0, 0), value(axis.at(share, aside), 0, 0)));
        }
        return Math.min(most, 1);
    }

    /** The distal end of the radius is wide, its shaft narrow. */
    private double flare(Axis axis, double aside) {
        double end = 0;
        double shaft = 0;
        for (int sign = -1; sign <= 1; sign += 2) {
            Point far = axis.at(0.7, sign * aside);
            if (!map.holds(far.x(), far.y())) {
                return 0;
            }
            end += value(axis.at(0.08, sign * aside), 0, 0);
            shaft += value(far, 0, 0);
        }
        return Math.clamp((end - shaft) / 2, -1, 1);
    }

    private double contrast(Axis axis, double share, double aside, double outside) {
        Point middle = axis.at(share, 0);
        if (!map.holds(middle.x(), middle.y())) {
            return outside;
        }
        double half = axis.halfWidth();
        double bright = value(middle, half, 0);
        double left = value(axis.at(share, -aside), half, bright - 0.5);
        double right = value(axis.at(share, aside), half, bright - 0.5);
        return Math.clamp(bright - 0.5 * (left + right) - 0.5 * Math.abs(left - right) * 0.6, -1, 1);
    }

    private double value(Point p, double halfWidth, double outside) {
        return map.holds(p.x(), p.y()) ? map.at(p.x(), p.y(), halfWidth) : outside;
    }

    /** Flesh between the metacarpals, air between the fingers: the difference, at most 1. */
    private double palm(HandModel m) {
        double sum = 0;
        for (int finger = 2; finger < 5; finger++) {
            Point flesh = middle(m.metacarpal(finger).at(0.5, 0), m.metacarpal(finger + 1).at(0.5, 0));
            Point air = middle(m.phalanx(finger).at(0.7, 0), m.phalanx(finger + 1).at(0.7, 0));
            if (map.holds(flesh.x(), flesh.y()) && map.holds(air.x(), air.y())) {
                sum += Math.clamp(value(flesh, 0, 0) - value(air, 0, 0), -1, 1);
            }
        }
        return sum / 3;
    }

    private static Point middle(Point a, Point b) {
        return new Point((a.x() + b.x()) / 2, (a.y() + b.y()) / 2);
    }

    /** Carpal bones, bright without the gaps of the palm, with air or thin flesh to both sides. */
    private double carpus(HandModel m) {
        double[] bright = new double[CARPUS.length];
        for (int i = 0; i < bright.length; i++) {
            Point p = m.place(CARPUS[i][0], CARPUS[i][1]);
            bright[i] = value(p, 4 * m.scale(), OUTSIDE);
        }
        Arrays.sort(bright);
        double least = (bright[0] + bright[1] + bright[2] + bright[3]) / 4;
        double dark = value(m.place(36, -8), 6 * m.scale(), -1) + value(m.place(-32, -2), 6 * m.scale(), -1);
        return Math.clamp(least - dark / 2, -1, 2) / 2;
    }
}
