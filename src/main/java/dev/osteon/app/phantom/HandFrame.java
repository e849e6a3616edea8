package dev.osteon.app.phantom;

import dev.osteon.app.phantom.Subject.Pose;
import dev.osteon.app.phantom.Subject.Side;

/**
 * From the anatomical frame to the picture. Anatomical: mm, origin in the middle of the wrist, x towards the thumb,
 * y towards the fingers, angles in radians from y towards x. Picture: mm from the upper left corner, y down. A left
 * hand on the detector has its thumb on the right.
 */
record HandFrame(double originX, double originY, double xx, double xy, double yx, double yy) {
    private static final double WRIST_X_MM = 125.7;
    private static final double WRIST_Y_MM = 228;

    static HandFrame of(Pose pose) {
        double thumb = (pose.side() == Side.LEFT ? 1 : -1) * pose.size();
        double cos = Math.cos(pose.rotation());
        double sin = Math.sin(pose.rotation());
        // Columns: the image of the unit vector towards the thumb, and of that towards the fingers.
        return new HandFrame(WRIST_X_MM + pose.shiftXMm(), WRIST_Y_MM + pose.shiftYMm(),
                thumb * cos, thumb * sin, pose.size() * sin, -pose.size() * cos);
    }

    /** Picture x of an anatomical point. */
    double x(double x, double y) {
        return originX + x * xx + y * yx;
    }

    /** Picture y of an anatomical point. */
    double y(double x, double y) {
        return originY + x * xy + y * yy;
    }

    /** The placement of a bone whose axis starts at (x, y) and runs at the given angle. */
    HollowBone.Placement place(double x, double y, double angle) {
        double size = Math.hypot(xx, xy);
        double sin = Math.sin(angle);
        double cos = Math.cos(angle);
        return new HollowBone.Placement(x(x, y), y(x, y), (sin * xx + cos * yx) / size, (sin * xy + cos * yy) / size,
                (cos * xx - sin * yx) / size, (cos * xy - sin * yy) / size);
    }
}
