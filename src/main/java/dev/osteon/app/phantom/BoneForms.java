package dev.osteon.app.phantom;

import dev.osteon.app.phantom.HollowBone.End;
import dev.osteon.app.phantom.HollowBone.Form;
import dev.osteon.app.phantom.HollowBone.Kind;

/** The outer forms of the bones of an adult hand of mean size, in mm. Scaled to a subject by {@link #scaled}. */
final class BoneForms {
    private static final double[] LONG_AT = {0, 0.07, 0.18, 0.32, 0.5, 0.66, 0.8, 0.9, 0.96, 1};
    private static final double[] METACARPAL_LENGTH = {46, 68, 65, 58, 53};
    /** Half the width at base, mid-shaft and head of metacarpals 1 to 5. */
    private static final double[][] METACARPAL_WIDTH =
        {{7.2, 4.9, 7.2}, {7.2, 4.3, 7.3}, {6.8, 4.3, 7.2}, {5.6, 3.6, 6.2}, {6.4, 4.0, 6.1}};
    /** Lengths of the proximal, middle and distal phalanges of fingers 1 to 5; 0: none. */
    private static final double[][] PHALANX_LENGTH =
        {{31, 0, 23}, {40, 23, 18}, {44, 28, 19}, {41, 26, 19}, {33, 19, 17}};
    private static final double FOREARM_LENGTH = 165;

    private BoneForms() {
    }

    /** @param finger 1..5 */
    static Form metacarpal(int finger, double bowMm) {
        double[] w = METACARPAL_WIDTH[finger - 1];
        double[] half = {w[0], w[0] * 1.0, between(w[0], w[1], 0.55), between(w[0], w[1], 0.92), w[1],
            between(w[1], w[2], 0.12), between(w[1], w[2], 0.60), w[2], w[2] * 0.97, w[2] * 0.90};
        return new Form(Kind.TUBULAR, METACARPAL_LENGTH[finger - 1], LONG_AT, half, half, 0.92, bowMm,
                new End(3.5, 3, finger == 1 ? 0.05 : 0.12), new End(6.5, 2.1, 0), 0.52);
    }

    static double metacarpalLength(int finger) {
        return METACARPAL_LENGTH[finger - 1];
    }

    /**
     * @param finger 1..5
     * @param row 0 proximal, 1 middle, 2 distal
     */
    static Form phalanx(int finger, int row) {
        double robust = finger == 1 ? 1.08 : finger == 5 ? 0.84 : 1;
        double base = robust * (row == 0 ? 7.4 : row == 1 ? 6.5 : 5.4);
        double shaft = robust * (row == 0 ? 4.4 : row == 1 ? 3.7 : 2.4);
        double head = robust * (row == 0 ? 5.6 : row == 1 ? 4.8 : 3.6);
        double[] half = {base, base, between(base, shaft, 0.5), between(base, shaft, 0.85), shaft,
            between(shaft, head, 0.1), between(shaft, head, 0.5), head, head, head * 0.95};
        return new Form(Kind.TUBULAR, PHALANX_LENGTH[finger - 1][row], LONG_AT, half, half, 0.8, 0,
                new End(3, 2.6, 0), new End(row == 2 ? 3 : 4, 2.4, 0), row == 0 ? 0.44 : row == 1 ? 0.36 : 0.26);
    }

    static double phalanxLength(int finger, int row) {
        return PHALANX_LENGTH[finger - 1][row];
    }

    /** Radius, its proximal end far below the picture. */
    static Form radius(double bowMm) {
        double[] at = fromDistal(165, 120, 60, 42, 30, 22, 14, 7, 3, 0);
        double[] thumb = {6.6, 6.6, 6.5, 6.8, 8.2, 10.4, 12.8, 14.2, 14.4, 13.6};
        double[] little = {6.6, 6.6, 6.6, 7.2, 8.8, 11.0, 13.2, 14.4, 14.6, 14.0};
        return new Form(Kind.TUBULAR, FOREARM_LENGTH, at, thumb, little, 0.72, bowMm, new End(4, 2, 0),
                new End(5.5, 2.6, 0.24),
                0.50);
    }

    /** Ulna, with the styloid process on the side of the little finger. */
    static Form ulna(double bowMm) {
        double[] at = fromDistal(165, 120, 60, 40, 26, 17, 11, 6, 2.5, 0);
        double[] thumb = {5.6, 5.6, 5.3, 5.2, 5.6, 7.0, 8.2, 8.4, 7.6, 5.5};
        double[] little = {5.6, 5.6, 5.3, 5.2, 5.4, 6.2, 7.2, 7.8, 8.0, 7.8};
        return new Form(Kind.TUBULAR, FOREARM_LENGTH, at, thumb, little, 0.85, bowMm, new End(4, 2, 0),
                new End(5, 2.4, -0.22), 0.44);
    }

    static double forearmLength() {
        return FOREARM_LENGTH;
    }

    /** A carpal bone: an ellipse with the given half-axes, somewhat squared. */
    static Form carpal(double halfWidthMm, double halfLengthMm) {
        double[] at = {0, 0.25, 0.5, 0.75, 1};
        double[] half = {halfWidthMm, halfWidthMm, halfWidthMm, halfWidthMm, halfWidthMm};
        End end = new End(0.9 * halfLengthMm, 2.4, 0);
        return new Form(Kind.SHORT, 2 * halfLengthMm, at, half, half, 1.1, 0, end, end, 0.42);
    }

    /** The form with all lengths times {@code size}; the mean attenuation grows with the thickness. */
    static Form scaled(Form form, double size, double attenuationFactor) {
        return new Form(form.kind(), form.lengthMm() * size, form.at(), times(form.thumbSideMm(), size),
                times(form.littleSideMm(), size), form.depthRatio(), form.bowMm() * size, scaled(form.proximal(), size),
                scaled(form.distal(), size), form.attenuation() * attenuationFactor);
    }

    private static End scaled(End end, double size) {
        return new End(end.capMm() * size, end.power(), end.slant());
    }

    private static double[] times(double[] values, double factor) {
        double[] scaled = values.clone();
        for (int i = 0; i < scaled.length; i++) {
            scaled[i] *= factor;
        }
        return scaled;
    }

    private static double[] fromDistal(double... mm) {
        double[] at = new double[mm.length];
        for (int i = 0; i < mm.length; i++) {
            at[i] = 1 - mm[i] / mm[0];
        }
        return at;
    }

    private static double between(double a, double b, double t) {
        return a + t * (b - a);
    }
}
