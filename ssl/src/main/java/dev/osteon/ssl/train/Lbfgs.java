package dev.osteon.ssl.train;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Iterator;

/**
 * Limited-memory BFGS (Nocedal and Wright 2006, "Numerical Optimization", algorithms 7.4 and 7.5) for smooth convex
 * functions: the direction from the last {@value #MEMORY} pairs of steps and gradient changes, the step's length by
 * backtracking until Armijo's condition holds.
 */
final class Lbfgs {

    private static final int MEMORY = 20;
    private static final double ARMIJO = 1e-4;
    private static final int BACKTRACKS = 40;
    private static final double TOLERANCE = 1e-7;

    private Lbfgs() {}

    /** A function that writes its gradient at {@code x} to {@code gradient} and returns its value. */
    @FunctionalInterface
    interface Objective {
        double at(double[] x, double[] gradient);
    }

    /** A step s, the change y of the gradient along it, and 1/(y·s). */
    private record Pair(double[] s, double[] y, double rho) {}

    /** The minimum, to a gradient whose largest element is below 1e-7, or where {@code steps} steps have led. */
    static double[] minimize(Objective objective, double[] start, int steps) {
        double[] x = start.clone();
        double[] gradient = new double[x.length];
        double value = objective.at(x, gradient);
        Deque<Pair> pairs = new ArrayDeque<>();                   // the latest first
        for (int step = 0; step < steps && largest(gradient) > TOLERANCE; step++) {
            double[] direction = direction(gradient, pairs);
            double slope = dot(direction, gradient);
            double length = pairs.isEmpty() ? 1 / Math.max(1, Math.sqrt(dot(gradient, gradient))) : 1;
            double[] next = new double[x.length];
            double[] nextGradient = new double[x.length];
            double nextValue = Double.NaN;
            int tries = 0;
            for (; tries < BACKTRACKS; tries++, length /= 2) {
                for (int k = 0; k < x.length; k++) {
                    next[k] = x[k] + length * direction[k];
                }
                nextValue = objective.at(next, nextGradient);
                if (nextValue <= value + ARMIJO * length * slope) {
                    break;
                }
            }
            if (tries == BACKTRACKS) {
                break;                                            // no descent left at this precision
            }
            remember(pairs, minus(next, x), minus(nextGradient, gradient));
            x = next;
            gradient = nextGradient;
            value = nextValue;
        }
        return x;
    }

    private static void remember(Deque<Pair> pairs, double[] s, double[] y) {
        double curvature = dot(s, y);
        if (curvature > 1e-12 * Math.sqrt(dot(s, s) * dot(y, y))) {   // otherwise the update would not be positive
            pairs.addFirst(new Pair(s, y, 1 / curvature));
            if (pairs.size() > MEMORY) {
                pairs.removeLast();
            }
        }
    }

    /** −H·gradient by the two-loop recursion. */
    private static double[] direction(double[] gradient, Deque<Pair> pairs) {
        double[] q = gradient.clone();
        double[] alpha = new double[pairs.size()];
        int i = 0;
        for (Pair p : pairs) {
            alpha[i] = p.rho * dot(p.s, q);
            add(q, -alpha[i], p.y);
            i++;
        }
        if (!pairs.isEmpty()) {
            Pair last = pairs.getFirst();
            double scale = 1 / (last.rho * dot(last.y, last.y));
            for (int k = 0; k < q.length; k++) {
                q[k] *= scale;
            }
        }
        for (Iterator<Pair> oldestFirst = pairs.descendingIterator(); oldestFirst.hasNext();) {
            Pair p = oldestFirst.next();
            i--;
            add(q, alpha[i] - p.rho * dot(p.y, q), p.s);
        }
        for (int k = 0; k < q.length; k++) {
            q[k] = -q[k];
        }
        return q;
    }

    private static double dot(double[] a, double[] b) {
        double sum = 0;
        for (int k = 0; k < a.length; k++) {
            sum += a[k] * b[k];
        }
        return sum;
    }

    private static void add(double[] target, double factor, double[] values) {
        for (int k = 0; k < target.length; k++) {
            target[k] += factor * values[k];
        }
    }

    private static double[] minus(double[] a, double[] b) {
        double[] difference = new double[a.length];
        for (int k = 0; k < a.length; k++) {
            difference[k] = a[k] - b[k];
        }
        return difference;
    }

    private static double largest(double[] values) {
        double largest = 0;
        for (double v : values) {
            largest = Math.max(largest, Math.abs(v));
        }
        return largest;
    }
}
