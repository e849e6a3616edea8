package dev.osteon.app.phantom;

/**
 * Random fields over the plane as pure functions of (seed, position): the same at every image scale and thread count.
 * Gradient noise after K. Perlin, "Improving Noise" (2002), with a hash in place of the permutation table.
 */
final class LatticeNoise {
    private static final int DIRECTIONS = 64;
    private static final double[] COS = new double[DIRECTIONS];
    private static final double[] SIN = new double[DIRECTIONS];

    static {
        for (int i = 0; i < DIRECTIONS; i++) {
            COS[i] = Math.cos(2 * Math.PI * i / DIRECTIONS);
            SIN[i] = Math.sin(2 * Math.PI * i / DIRECTIONS);
        }
    }

    private LatticeNoise() {
    }

    /** 64 well mixed bits of a 64-bit key (the finaliser of SplitMix64). */
    static long mix(long key) {
        long z = key + 0x9E3779B97F4A7C15L;
        z = (z ^ z >>> 30) * 0xBF58476D1CE4E5B9L;
        z = (z ^ z >>> 27) * 0x94D049BB133111EBL;
        return z ^ z >>> 31;
    }

    /** A gradient noise with cells of side 1: mean 0, standard deviation about 0.27, range within -0.71..0.71. */
    static double gradient(long seed, double x, double y) {
        double fx = Math.floor(x);
        double fy = Math.floor(y);
        int ix = (int) fx;
        int iy = (int) fy;
        double dx = x - fx;
        double dy = y - fy;
        double top = lerp(fade(dx), corner(seed, ix, iy, dx, dy), corner(seed, ix + 1, iy, dx - 1, dy));
        double bottom =
                lerp(fade(dx), corner(seed, ix, iy + 1, dx, dy - 1), corner(seed, ix + 1, iy + 1, dx - 1, dy - 1));
        return lerp(fade(dy), top, bottom);
    }

    private static double corner(long seed, int ix, int iy, double dx, double dy) {
        long hash = mix(seed ^ ((long) ix << 32 ^ iy & 0xFFFFFFFFL));
        int direction = (int) (hash >>> 58);
        return COS[direction] * dx + SIN[direction] * dy;
    }

    private static double fade(double t) {
        return t * t * t * (t * (t * 6 - 15) + 10);
    }

    private static double lerp(double t, double a, double b) {
        return a + t * (b - a);
    }
}
