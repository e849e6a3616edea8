package dev.osteon.app.segment.auto;

import dev.osteon.app.segment.auto.HandModel.Axis;
import dev.osteon.models.sam.Point;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.SplittableRandom;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.apache.commons.math3.optim.InitialGuess;
import org.apache.commons.math3.optim.MaxEval;
import org.apache.commons.math3.optim.MaxIter;
import org.apache.commons.math3.optim.SimpleBounds;
import org.apache.commons.math3.optim.nonlinear.scalar.GoalType;
import org.apache.commons.math3.optim.nonlinear.scalar.ObjectiveFunction;
import org.apache.commons.math3.optim.nonlinear.scalar.noderiv.CMAESOptimizer;
import org.apache.commons.math3.random.Well19937c;

/**
 * Finds the model that fits an image best: a coarse search over place, size, turn and side, then random refinement of
 * the best, then covariance matrix adaptation (Hansen and Ostermeier 2001) of the few best of those. Bone axes must be
 * bright with darker stripes on both sides, the carpus bright and wide.
 */
final class HandFit {

    /** A fitted model and its score, about 0 for none and above 1 for a clear hand. */
    record Fitted(HandModel model, double score) {}

    /**
     * What was found.
     *
     * @param best      the hand
     * @param otherSide the best with the thumb on the other side
     * @param elsewhere the best that is not the same hand, of either side
     */
    record Found(Fitted best, Fitted otherSide, Optional<Fitted> elsewhere) {}

    private static final double OUTSIDE = -0.6;
    /** From the middle of a palm to that of another, mm. */
    private static final double BESIDE = 80;
    /** Of the third metacarpal in the longest side: from a hand on a large film to one that fills the picture. */
    private static final double SMALLEST = 0.11;
    private static final double GROWTH = 1.13;
    private static final int SIZES = 11;
    private static final int TURNS = 16;
    /** How many are refined, by how many tries, beginning with what size of steps. */
    private record Round(int starts, int tries, double step) {}

    private static final List<Round> ROUNDS = List.of(new Round(400, 60, 1.5), new Round(100, 200, 1),
            new Round(24, 400, 1));
    private static final int LAST = 4;
    private static final double NEAR = 15;
    /** The cosine of half a radian. */
    private static final double NEARLY_SO = 0.878;
    /** By some of a row of bones and by a whole one, in mm; and how much larger the hand would be then. */
    private static final double[] ROWS = {-48, -24, -12, 12, 24, 48};
    private static final double[] SIZES_THERE = {0.8, 1, 1.25};
    private static final double MOST_BENT = 0.7;
    private static final double[] BENDS = {-0.4, 0, 0.4};
    /** Numbers of a model that are fitted. */
    private static final int NUMBERS = 7;
    private static final int GENERATIONS = 90;
    private static final int POPULATION = 12;
    private static final double FIRST_STEP = 0.5;
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

    /** All places, sizes and turns with a score above 0, of one side. */
    private List<Fitted> starts(int side) {
        return IntStream.range(0, SIZES * TURNS).parallel().boxed().flatMap(i ->
                starts(side, SMALLEST * Math.pow(GROWTH, i / TURNS), 2 * Math.PI * (i % TURNS) / TURNS).stream())
                .toList();
    }

    /** @param share of the third metacarpal in the map's longest side */
    private List<Fitted> starts(int side, double share, double angle) {
        double scale = share * Math.max(map.width(), map.height()) / 65;
        double step = 8 * scale;
        List<Fitted> starts = new ArrayList<>();
        for (double y = step; y < map.height(); y += step) {
            for (double x = step; x < map.width(); x += step) {
                HandModel model = new HandModel(x, y, scale, angle, side, 1, TYPICAL_THUMB, 0);
                double score = score(model);
                if (score > 0) {
                    starts.add(new Fitted(model, score));
                }
            }
        }
        return starts;
    }

    /** Fits of one side, 1 or −1: many starts are refined a little, few of them more. */
    private List<Fitted> pool(int side) {
        List<Fitted> pool = starts(side);
        for (Round round : ROUNDS) {
            pool = refined(apart(pool, round.starts()), round);
        }
        return pool;
    }

    private Fitted best(List<Fitted> pool, int side) {
        return bestAdapted(apart(pool, LAST)).map(this::orAnotherRow)
                .flatMap(fitted -> bestAdapted(List.of(fitted))).orElseGet(() -> new Fitted(new HandModel(
                map.width() / 2.0, map.height() / 2.0, Math.max(map.width(), map.height()) / 260.0, 0, side, 1,
                TYPICAL_THUMB, 0), 0));
    }

    /** The fit, or one that is some bones further along the hand if that is better: phalanges look like metacarpals. */
    private Fitted orAnotherRow(Fitted fitted) {
        HandModel m = fitted.model();
        return Stream.concat(Stream.of(fitted), IntStream.range(0, ROWS.length * SIZES_THERE.length).parallel()
                .mapToObj(i -> {
                    Point to = m.place(0, ROWS[i % ROWS.length]);
                    HandModel moved = new HandModel(to.x(), to.y(), m.scale() * SIZES_THERE[i / ROWS.length], m.angle(),
                            m.side(), 1, m.thumb(), m.forearm());
                    return adapted(new Fitted(moved, score(moved)), GENERATIONS / 2, i);
                })).max(Comparator.comparingDouble(Fitted::score)).orElse(fitted);
    }

    /** The best that comes of several fits, each with its forearm as it is and bent to either side. */
    private Optional<Fitted> bestAdapted(List<Fitted> fits) {
        return IntStream.range(0, fits.size() * BENDS.length).parallel().mapToObj(i -> {
            HandModel m = fits.get(i / BENDS.length).model();
            HandModel bent = new HandModel(m.x(), m.y(), m.scale(), m.angle(), m.side(), m.spread(), m.thumb(),
                    BENDS[i % BENDS.length]);
            return adapted(new Fitted(bent, score(bent)), GENERATIONS, i);
        }).max(Comparator.comparingDouble(Fitted::score)).map(fit -> fits.stream().filter(f -> f.score() > fit.score())
                .max(Comparator.comparingDouble(Fitted::score)).orElse(fit));
    }

    /** The fit of this side, or that of the other side mirrored in the hand's axis if it is better. */
    private Fitted orMirrored(Fitted own, Fitted other) {
        HandModel m = other.model();
        HandModel mirrored = new HandModel(m.x(), m.y(), m.scale(), m.angle(), -m.side(), m.spread(), m.thumb(),
                -m.forearm());
        return bestAdapted(List.of(new Fitted(mirrored, score(mirrored)))).filter(fit -> fit.score() > own.score())
                .orElse(own);
    }

    /** The best fits. */
    Found find() {
        List<Fitted> right = pool(1);
        List<Fitted> left = pool(-1);
        Fitted rightBest = best(right, 1);
        Fitted leftBest = best(left, -1);
        List<Fitted> sides = Stream.of(orMirrored(rightBest, leftBest), orMirrored(leftBest, rightBest))
                .sorted(Comparator.comparingDouble(Fitted::score).reversed()).toList();
        HandModel hand = sides.getFirst().model();
        List<Fitted> elsewhere = Stream.concat(right.stream(), left.stream()).filter(fit -> middle(fit.model())
                .distance(middle(hand)) > BESIDE * Math.max(hand.scale(), fit.model().scale())).toList();
        return new Found(sides.getFirst(), sides.getLast(), bestAdapted(apart(elsewhere, 1)));
    }

    private static Point middle(HandModel m) {
        return m.place(0, 45);
    }

    /** Every start refined, each with a seed of its own. */
    private List<Fitted> refined(List<Fitted> starts, Round round) {
        return IntStream.range(0, starts.size()).parallel().mapToObj(i ->
                refine(starts.get(i), new SplittableRandom(i), round.tries(), round.step())).toList();
    }

    /** The best that differ from each other in place, turn or size. */
    private static List<Fitted> apart(List<Fitted> fits, int most) {
        List<Fitted> sorted = new ArrayList<>(fits);
        sorted.sort(Comparator.comparingDouble(Fitted::score).reversed());
        List<Fitted> kept = new ArrayList<>();
        for (Fitted fit : sorted) {
            if (kept.size() == most) {
                break;
            }
            boolean near = false;
            for (int i = 0; i < kept.size() && !near; i++) {
                near = near(kept.get(i).model(), fit.model());
            }
            if (!near) {
                kept.add(fit);
            }
        }
        return kept;
    }

    private static boolean near(HandModel a, HandModel b) {
        double dx = a.x() - b.x();
        double dy = a.y() - b.y();
        double apart = NEAR * b.scale();
        return dx * dx + dy * dy < apart * apart && Math.cos(a.angle() - b.angle()) > NEARLY_SO
                && Math.abs(Math.log(a.scale() / b.scale())) < 0.2;
    }

    /** Small random steps, of which those that raise the score are kept; they get smaller. */
    private Fitted refine(Fitted start, SplittableRandom random, int tries, double size) {
        Fitted best = start;
        double[] move = new double[NUMBERS];
        for (int i = 0; i < tries; i++) {
            double step = size * (1 - 0.85 * i / tries);
            for (int k = 0; k < NUMBERS; k++) {
                move[k] = step * random.nextDouble(-1, 1);
            }
            HandModel next = moved(best.model(), move);
            double score = score(next);
            if (score > best.score()) {
                best = new Fitted(next, score);
            }
        }
        return best;
    }

    /**
     * The best near a start by covariance matrix adaptation (Hansen and Ostermeier 2001): place, size and angles depend
     * on each other, which steps in all of them at random seldom meet.
     */
    private Fitted adapted(Fitted start, int generations, int seed) {
        CMAESOptimizer optimiser = new CMAESOptimizer(generations, 0, true, 0, 0, new Well19937c(seed), false,
                (generation, before, now) -> false);
        double[] steps = new double[NUMBERS];
        Arrays.fill(steps, FIRST_STEP);
        double[] best = optimiser.optimize(MaxEval.unlimited(), MaxIter.unlimited(), GoalType.MAXIMIZE,
                new ObjectiveFunction(by -> score(moved(start.model(), by))), new InitialGuess(new double[NUMBERS]),
                SimpleBounds.unbounded(NUMBERS), new CMAESOptimizer.Sigma(steps),
                new CMAESOptimizer.PopulationSize(POPULATION)).getPoint();
        HandModel model = moved(start.model(), best);
        double score = score(model);
        return score > start.score() ? new Fitted(model, score) : start;
    }

    /** The model with all its numbers moved by steps around 1. */
    private static HandModel moved(HandModel m, double[] by) {
        return new HandModel(m.x() + 6 * m.scale() * by[0], m.y() + 6 * m.scale() * by[1],
                m.scale() * (1 + 0.08 * by[2]), m.angle() + 0.15 * by[3], m.side(),
                Math.clamp(m.spread() + 0.2 * by[4], 0.6, 1.7), Math.clamp(m.thumb() + 10 * by[5], 12, 62),
                Math.clamp(m.forearm() + 0.12 * by[6], -MOST_BENT, MOST_BENT));
    }

    double score(HandModel m) {
        double sum = bone(m.metacarpal(1), 10 * m.scale(), OUTSIDE);
        for (int finger = 2; finger <= 5; finger++) {
            sum += bone(m.metacarpal(finger), 8.5 * m.scale(), OUTSIDE);
        }
        if (sum < 0.5) {
            return 0;   // there are no bones, whatever their form
        }
        for (int finger = 2; finger <= 5; finger++) {
            Axis axis = m.metacarpal(finger);
            sum += WAIST * waist(axis, 5.5 * m.scale()) - JOINT_WITHIN * joint(axis, 5.5 * m.scale());
        }
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

    double contrast(Axis axis, double share, double aside, double outside) {
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
