package dev.osteon.app.segment.auto;

import dev.osteon.models.sam.Point;

/**
 * The axes of a hand's bones as a function of a few numbers; lengths in mm of a hand whose third metacarpal is 65 mm
 * long, from a point in the carpus, y towards the fingers and x towards the thumb. Typical adult proportions.
 *
 * @param x       of the carpus in pixels of the map
 * @param y       likewise
 * @param scale   pixels for a mm
 * @param angle   radians, 0 with fingers up, positive clockwise
 * @param side    1 with the thumb to the right of a hand with fingers up, −1 to the left
 * @param spread  factor on the angles between metacarpals 2 to 5, around 1
 * @param thumb   degrees between the first metacarpal and the third
 * @param forearm radians by which the forearm bends from the hand's axis, positive towards the thumb
 */
record HandModel(double x, double y, double scale, double angle, int side, double spread, double thumb,
        double forearm) {

    /** Base of metacarpals 1 to 5: x, y in mm and angle towards the thumb in degrees; then the length in mm. */
    private static final double[][] METACARPAL = {{24.5, 5, 35, 45}, {14.6, 12.6, 8.5, 66}, {3.2, 14.2, 1.0, 64},
        {-7.2, 12.5, -6.5, 57}, {-16.0, 8.5, -15, 52}};
    /** How the fingers turn on, degrees, and the proximal phalanx's length, mm. */
    private static final double[][] PHALANX = {{-11, 31}, {0, 40}, {0.5, 44}, {1, 41}, {1, 33}};
    private static final double JOINT = 2;
    /** Middle of the distal end of radius and ulna, mm. */
    private static final double[] RADIUS = {9.5, -23};
    private static final double[] ULNA = {-14.0, -24};
    private static final double WRIST = -12;
    private static final double FOREARM_LENGTH = 55;

    /** A stretch of an axis in pixels of the map; its shaft's half-width, too. */
    record Axis(Point from, Point to, double halfWidth) {

        double length() {
            return from.distance(to);
        }

        /** The point at a share of the way, moved sideways to the right of the direction. */
        Point at(double share, double aside) {
            double length = Math.max(1e-6, length());
            double ux = (to.x() - from.x()) / length;
            double uy = (to.y() - from.y()) / length;
            return new Point(from.x() + share * length * ux - aside * uy, from.y() + share * length * uy + aside * ux);
        }
    }

    /** Base to head. */
    Axis metacarpal(int finger) {
        double[] m = METACARPAL[finger - 1];
        double turn = Math.toRadians(finger == 1 ? thumb : m[2] * spread);
        return new Axis(place(m[0], m[1]), place(m[0] + m[3] * Math.sin(turn), m[1] + m[3] * Math.cos(turn)),
                (finger == 1 ? 5.5 : 4.6) * scale);
    }

    /** The phalanx beyond a metacarpal. */
    Axis phalanx(int finger) {
        double[] m = METACARPAL[finger - 1];
        double turn = Math.toRadians(finger == 1 ? thumb : m[2] * spread);
        double on = turn + Math.toRadians(PHALANX[finger - 1][0]);
        double hx = m[0] + m[3] * Math.sin(turn) + JOINT * Math.sin(on);
        double hy = m[1] + m[3] * Math.cos(turn) + JOINT * Math.cos(on);
        double length = PHALANX[finger - 1][1];
        return new Axis(place(hx, hy), place(hx + length * Math.sin(on), hy + length * Math.cos(on)), 5 * scale);
    }

    /** Distal end to as far up the arm as the model goes. */
    Axis radius() {
        return arm(RADIUS, 8.5);
    }

    /** Likewise. */
    Axis ulna() {
        return arm(ULNA, 6.5);
    }

    private Axis arm(double[] end, double halfWidth) {
        return new Axis(bent(end[0], end[1]), bent(end[0], end[1] - FOREARM_LENGTH), halfWidth * scale);
    }

    /** A place in the forearm, which turns about the wrist. */
    private Point bent(double mx, double my) {
        double c = Math.cos(forearm);
        double s = Math.sin(forearm);
        double dy = my - WRIST;
        return place(c * mx - s * dy, WRIST + s * mx + c * dy);
    }

    /** From mm of the hand to pixels of the map. */
    Point place(double mx, double my) {
        double rx = side * mx * scale;
        double ry = -my * scale;
        double c = Math.cos(angle);
        double s = Math.sin(angle);
        return new Point(x + c * rx - s * ry, y + s * rx + c * ry);
    }
}
