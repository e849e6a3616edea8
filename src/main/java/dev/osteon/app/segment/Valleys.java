package dev.osteon.app.segment;

import dev.osteon.app.image.GrayImage;
import dev.osteon.app.phantom.Bone;
import dev.osteon.models.sam.Point;
import dev.osteon.models.sam.PointPrompt;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;

/**
 * Points of soft tissue between neighbouring bones: on the shortest ways from the line through one bone's positive
 * points to that of another, the darkest place, where it is clearly darker than both ends. Bone must be bright.
 */
final class Valleys {

    /** Darker than this share of the darker end's level. */
    private static final double CONTRAST = 0.85;
    private static final int STEPS = 4;
    private static final int PER_NEIGHBOUR = 2;

    private record Valley(Point point, double depth) {}

    private final GrayImage image;
    private final Map<Bone, PointPrompt> prompts;

    Valleys(GrayImage image, Map<Bone, PointPrompt> prompts) {
        this.image = image;
        this.prompts = prompts;
    }

    /** Up to two points towards each neighbour. */
    List<Point> around(Bone bone) {
        List<Point> own = line(prompts.get(bone).positive());
        List<Point> chosen = new ArrayList<>();
        for (Bone other : prompts.keySet()) {
            if (other != bone) {
                List<Point> line = line(prompts.get(other).positive());
                List<Valley> found = new ArrayList<>();
                own.forEach(p -> valley(p, nearest(p, line), bone, other, found));
                line.forEach(p -> valley(p, nearest(p, own), bone, other, found));
                found.sort(Comparator.comparingDouble(Valley::depth));
                double apart = own.getFirst().distance(own.getLast()) / STEPS;
                List<Point> here = new ArrayList<>();
                for (Valley v : found) {
                    if (here.size() < PER_NEIGHBOUR && here.stream().allMatch(p -> p.distance(v.point()) > apart)) {
                        here.add(v.point());
                    }
                }
                chosen.addAll(here);
            }
        }
        return chosen;
    }

    private void valley(Point from, Point to, Bone bone, Bone other, List<Valley> found) {
        double distance = from.distance(to);
        if (distance < STEPS || blocked(from, to, distance, bone, other)) {
            return;
        }
        Point darkest = from;
        double level = level(from);
        for (int i = 1; i < distance; i++) {
            Point p = between(from, to, i / distance);
            if (level(p) < level) {
                level = level(p);
                darkest = p;
            }
        }
        double depth = level / Math.max(1, Math.min(level(from), level(to)));
        if (depth < CONTRAST) {
            found.add(new Valley(darkest, depth));
        }
    }

    /** Whether a third bone lies between. */
    private boolean blocked(Point from, Point to, double distance, Bone bone, Bone other) {
        return prompts.entrySet().stream().filter(e -> e.getKey() != bone && e.getKey() != other)
                .flatMap(e -> e.getValue().positive().stream()).anyMatch(p -> {
                    double t = ((p.x() - from.x()) * (to.x() - from.x()) + (p.y() - from.y()) * (to.y() - from.y()))
                            / (distance * distance);
                    return t > 0 && t < 1 && p.distance(from) < distance && p.distance(to) < distance;
                });
    }

    private static List<Point> line(List<Point> points) {
        List<Point> line = new ArrayList<>();
        for (int i = 0; i + 1 < points.size(); i++) {
            for (int k = 0; k < STEPS; k++) {
                line.add(between(points.get(i), points.get(i + 1), (double) k / STEPS));
            }
        }
        line.add(points.getLast());
        return line;
    }

    private static Point nearest(Point p, List<Point> line) {
        return line.stream().min(Comparator.comparingDouble(p::distance)).orElseThrow();
    }

    private static Point between(Point a, Point b, double share) {
        return new Point(a.x() + share * (b.x() - a.x()), a.y() + share * (b.y() - a.y()));
    }

    /** The mean of the 5 × 5 samples around a point, as far as they are in the image. */
    private double level(Point p) {
        double sum = 0;
        int count = 0;
        for (int y = (int) p.y() - 2; y <= p.y() + 2; y++) {
            for (int x = (int) p.x() - 2; x <= p.x() + 2; x++) {
                if (x >= 0 && y >= 0 && x < image.width() && y < image.height()) {
                    sum += image.get(x, y);
                    count++;
                }
            }
        }
        return count == 0 ? 0 : sum / count;
    }
}
