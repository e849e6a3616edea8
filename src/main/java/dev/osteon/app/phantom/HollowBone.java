package dev.osteon.app.phantom;

import dev.osteon.app.phantom.Subject.Microstructure;
import java.util.Optional;
import org.apache.commons.math3.analysis.interpolation.AkimaSplineInterpolator;
import org.apache.commons.math3.analysis.polynomials.PolynomialSplineFunction;

/**
 * A bone as a closed shell of cortex around a medullary cavity with trabeculae. Cross sections are ellipses; a ray
 * through the bone at distance v from its axis crosses cortex along the chord of the outer ellipse less that of the
 * inner one, which gives the bright edges of a hollow bone.
 *
 * <p>Coordinates: s in mm along the axis from the proximal end, v in mm across it, positive towards the thumb.
 */
final class HollowBone {
    private static final int STEPS = 512;
    private static final double TRABECULAR_FRACTION = 0.75;

    private final Placement placement;
    private final Form form;
    private final Optional<Bone> target;
    private final TrabecularTexture texture;
    private final double margin;
    private final float[] thumbSide = new float[STEPS + 1];
    private final float[] littleSide = new float[STEPS + 1];
    private final float[] innerThumbSide = new float[STEPS + 1];
    private final float[] innerLittleSide = new float[STEPS + 1];
    private final float[] depthCortex = new float[STEPS + 1];
    private final float[] trabecular = new float[STEPS + 1];

    /**
     * Where a bone lies in the picture, in mm from the upper left corner, y down.
     *
     * @param x proximal end of the axis
     * @param y proximal end of the axis
     * @param alongX unit vector along the axis, towards the distal end
     * @param acrossX unit vector across the axis, towards the thumb
     */
    record Placement(double x, double y, double alongX, double alongY, double acrossX, double acrossY) {
    }

    /** Whether a bone is a tube with a dense-walled shaft, or a short bone full of trabeculae. */
    enum Kind { TUBULAR, SHORT }

    /** A rounded end of a bone: the cap's length in mm, its roundness (2: ellipse, 4: squarish), slant dv -> ds. */
    record End(double capMm, double power, double slant) {
    }

    /**
     * The outer form of a bone.
     *
     * @param kind tubular or short
     * @param lengthMm length of the axis
     * @param at positions of the control points as fractions of the length, ascending from 0 to 1
     * @param thumbSideMm distance of the outline from the axis on the thumb's side at the control points
     * @param littleSideMm the same on the side of the little finger
     * @param depthRatio extent along the ray over extent across it
     * @param bowMm deviation of the axis at its middle towards the thumb
     * @param attenuation mean attenuation over the bone's shadow, -ln(I/I0)
     */
    record Form(Kind kind, double lengthMm, double[] at, double[] thumbSideMm, double[] littleSideMm, double depthRatio,
            double bowMm, End proximal, End distal, double attenuation) {
    }

    HollowBone(Placement placement, Form form, Optional<Bone> target, Microstructure micro, long seed) {
        this.placement = placement;
        this.form = form;
        this.target = target;
        this.texture = new TrabecularTexture(micro, seed);
        PolynomialSplineFunction thumb = new AkimaSplineInterpolator().interpolate(form.at, form.thumbSideMm);
        PolynomialSplineFunction little = new AkimaSplineInterpolator().interpolate(form.at, form.littleSideMm);
        double shaftMm = thumb.value(0.5) + little.value(0.5);
        double shaftCortex = micro.corticalRatio() * shaftMm;
        double widest = 0;
        for (int i = 0; i <= STEPS; i++) {
            double u = (double) i / STEPS;
            // 1 in the middle of the shaft, 0 in the metaphyses
            double shaft = form.kind == Kind.SHORT ? 0 : smooth(0.03, 0.36, u) * smooth(0.03, 0.36, 1 - u);
            double cortex = shaftCortex * (0.30 + 0.70 * shaft);
            double outerCap = cap(u, 0);
            double innerCap = cap(u, 0.8 * shaftCortex * 0.30 + 0.25);
            thumbSide[i] = (float) (thumb.value(u) * outerCap);
            littleSide[i] = (float) (little.value(u) * outerCap);
            innerThumbSide[i] = (float) (thumb.value(u) * innerCap - cortex);
            innerLittleSide[i] = (float) (little.value(u) * innerCap - cortex);
            depthCortex[i] = (float) (micro.wallFraction() * cortex);
            trabecular[i] = (float) (TRABECULAR_FRACTION * micro.trabecularContrast() * (1 - 0.85 * shaft));
            widest = Math.max(widest, Math.max(thumbSide[i], littleSide[i]));
        }
        this.margin = widest + Math.abs(form.bowMm) + 1;
    }

    private double cap(double u, double shellMm) {
        double s = u * form.lengthMm;
        return cap(form.proximal, s - shellMm) * cap(form.distal, form.lengthMm - s - shellMm);
    }

    private static double cap(End end, double distance) {
        if (distance <= 0) {
            return 0;
        }
        if (distance >= end.capMm) {
            return 1;
        }
        double q = 1 - distance / end.capMm;
        return Math.pow(1 - Math.pow(q, end.power), 1 / end.power);
    }

    private static double smooth(double from, double to, double x) {
        double t = Math.clamp((x - from) / (to - from), 0, 1);
        return t * t * (3 - 2 * t);
    }

    /** Which bone of the data set this is; empty for carpals and phalanges. */
    Optional<Bone> target() {
        return target;
    }

    /** The mean attenuation that the bone's shadow is to have. */
    double attenuation() {
        return form.attenuation;
    }

    /** Left, top, right, bottom of a rectangle around the bone, in mm. */
    double[] boundsMm() {
        double slant = Math.max(Math.abs(form.proximal.slant), Math.abs(form.distal.slant)) * margin;
        double fromX = placement.x - slant * placement.alongX;
        double fromY = placement.y - slant * placement.alongY;
        double toX = placement.x + (form.lengthMm + slant) * placement.alongX;
        double toY = placement.y + (form.lengthMm + slant) * placement.alongY;
        return new double[] {Math.min(fromX, toX) - margin, Math.min(fromY, toY) - margin,
            Math.max(fromX, toX) + margin, Math.max(fromY, toY) + margin};
    }

    /**
     * Mineral along the ray through a point of the picture: mm of cortex, with trabeculae as the fraction of cortex
     * that their density amounts to.
     *
     * @return a negative number outside the bone's outline
     */
    double mineralMm(double xMm, double yMm) {
        double dx = xMm - placement.x;
        double dy = yMm - placement.y;
        double along = dx * placement.alongX + dy * placement.alongY;
        double v = dx * placement.acrossX + dy * placement.acrossY;
        double rough = along / form.lengthMm;
        double s = along - v * (form.distal.slant * smooth(0.6, 1, rough)
                + form.proximal.slant * smooth(0.6, 1, 1 - rough));
        double u = s / form.lengthMm;
        if (u <= 0 || u >= 1) {
            return -1;
        }
        v -= 4 * form.bowMm * u * (1 - u);
        double position = u * STEPS;
        int i = (int) position;
        double f = position - i;
        double right = at(thumbSide, i, f);
        double left = at(littleSide, i, f);
        double radius = (right + left) / 2;
        double w = v - (right - left) / 2;
        if (radius <= 0 || Math.abs(w) >= radius) {
            return -1;
        }
        double depth = radius * form.depthRatio;
        double outer = 2 * depth * Math.sqrt(1 - w * w / (radius * radius));
        double innerRight = at(innerThumbSide, i, f);
        double innerLeft = at(innerLittleSide, i, f);
        double innerRadius = (innerRight + innerLeft) / 2;
        double innerW = v - (innerRight - innerLeft) / 2;
        double innerDepth = Math.min(depth - at(depthCortex, i, f), innerRadius * form.depthRatio * 1.3);
        if (innerRadius <= 0 || innerDepth <= 0 || Math.abs(innerW) >= innerRadius) {
            return outer;
        }
        double inner = Math.min(outer, 2 * innerDepth * Math.sqrt(1 - innerW * innerW / (innerRadius * innerRadius)));
        return outer - inner + inner * at(trabecular, i, f) * texture.density(s, v);
    }

    private static double at(float[] table, int i, double f) {
        return table[i] + f * (table[i + 1] - table[i]);
    }
}
