package dev.osteon.nn;

import java.nio.charset.StandardCharsets;

/**
 * Random numbers that depend on a seed and a name alone: Philox4x32-10 (Salmon et al. 2011, "Parallel random numbers:
 * as easy as 1, 2, 3") with the seed as key, and the name's FNV-1a hash and the position as counter.
 */
final class NamedStream {

    private static final double INV_32 = 0x1p-32;

    private final long seed;
    private final long nameHash;

    NamedStream(long seed, String name) {
        this.seed = seed;
        long hash = 0xCBF29CE484222325L;
        for (byte b : name.getBytes(StandardCharsets.UTF_8)) {
            hash = (hash ^ (b & 0xff)) * 0x100000001B3L;
        }
        this.nameHash = hash;
    }

    /** Uniform in (0, 1). */
    double[] uniforms(int count) {
        double[] values = new double[count];
        for (int i = 0; i < count; i += 4) {
            int[] block = philox(i / 4);
            for (int k = 0; k < 4 && i + k < count; k++) {
                values[i + k] = open(block[k]);
            }
        }
        return values;
    }

    /** Standard normal, by Box and Muller's transform of pairs. */
    double[] normals(int count) {
        double[] uniform = uniforms(count + (count & 1));
        double[] values = new double[count];
        for (int i = 0; i < count; i += 2) {
            double radius = Math.sqrt(-2 * Math.log(uniform[i]));
            double angle = 2 * Math.PI * uniform[i + 1];
            values[i] = radius * Math.cos(angle);
            if (i + 1 < count) {
                values[i + 1] = radius * Math.sin(angle);
            }
        }
        return values;
    }

    private static double open(int bits) {
        return (Integer.toUnsignedLong(bits) + 0.5) * INV_32;
    }

    private int[] philox(long block) {
        return philox((int) block, (int) (block >>> 32), (int) nameHash, (int) (nameHash >>> 32), (int) seed,
                (int) (seed >>> 32));
    }

    /** Ten rounds over the counter c0 … c3 with the key k0, k1. */
    static int[] philox(int c0, int c1, int c2, int c3, int k0, int k1) {
        for (int round = 0; round < 10; round++) {
            long p0 = Integer.toUnsignedLong(c0) * 0xD2511F53L;
            long p1 = Integer.toUnsignedLong(c2) * 0xCD9E8D57L;
            int n0 = (int) (p1 >>> 32) ^ c1 ^ k0;
            int n2 = (int) (p0 >>> 32) ^ c3 ^ k1;
            c0 = n0;
            c1 = (int) p1;
            c2 = n2;
            c3 = (int) p0;
            k0 += 0x9E3779B9;
            k1 += 0xBB67AE85;
        }
        return new int[] {c0, c1, c2, c3};
    }
}
