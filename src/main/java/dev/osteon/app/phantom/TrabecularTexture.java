package dev.osteon.app.phantom;

import dev.osteon.app.phantom.Subject.Microstructure;

/**
 * The shadow of a trabecular network: thin bright struts along the zero lines of random fields, most of them along
 * the bone's axis (as loads run), some across it. With bone loss struts lie further apart, become thinner, and the
 * transverse ones go first (Parfitt 1987).
 */
final class TrabecularTexture {
    private static final double BASE = 0.10;
    private final Microstructure micro;
    private final long seed;

    TrabecularTexture(Microstructure micro, long seed) {
        this.micro = micro;
        this.seed = seed;
    }

    /**
     * Density at a point of the bone, as a fraction of that of cortex, about 0.1..0.8.
     *
     * @param along mm along the bone's axis
     * @param across mm across it
     */
    double density(double along, double across) {
        double bend = 1.2 * LatticeNoise.gradient(seed + 4, across / 9, along / 9);
        double v = across + bend;
        double s = along + bend;
        double cell = micro.spacingMm();
        double longCell = cell * micro.anisotropy();
        // Three layers at different depths of the bone, and the transverse struts between them.
        double front = strut(seed, v / cell, s / longCell);
        double middle = strut(seed + 1, v / cell + 0.5, s / longCell);
        double back = strut(seed + 5, v / cell - 0.3, s / (0.8 * longCell));
        double cross = strut(seed + 2, s / cell, v / longCell);
        double clump = 1 + 0.5 * LatticeNoise.gradient(seed + 3, across / 6, along / 6);
        return BASE + clump * (0.24 * (front + middle + back) + 0.32 * micro.transverse() * cross);
    }

    private double strut(long layer, double x, double y) {
        double field = Math.abs(LatticeNoise.gradient(layer, x, y));
        // A field of cell side c has a slope of about 1/c, so that this half-width gives struts of strutMm.
        double halfWidth = micro.strutMm() / (2 * micro.spacingMm()) + 0.04;
        return Math.max(0, 1 - field / halfWidth);
    }
}
