package dev.osteon.engine.random;

import java.nio.charset.StandardCharsets;

/**
 * A counter-based random stream, Philox4x32-10 (Salmon et al. 2011, "Parallel random numbers: as easy as 1, 2, 3"):
 * numbers are a function of key and position, the same on every machine and at any thread count. A stream is told apart
 * by its key; {@link #fork} derives independent ones by name or number. Not thread-safe: fork one for each task.
 */
public final class Philox {

    private static final int ROUNDS = 10;
    private static final int M0 = 0xD2511F53;
    private static final int M1 = 0xCD9E8D57;
    private static final int W0 = 0x9E3779B9;
    private static final int W1 = 0xBB67AE85;

    private final long key;
    private long position;                       // in 32-bit numbers
    private final int[] block = new int[4];
    private long blockIndex = -1;

    private Philox(long key, long position) {
        this.key = key;
        this.position = position;
    }

    /** The stream of a seed, at its beginning. */
    public static Philox of(long seed) {
        return new Philox(mix(seed + 0x9E3779B97F4A7C15L), 0);
    }

    /** A stream as {@link #key} and {@link #position} described it. */
    public static Philox restore(long key, long position) {
        return new Philox(key, position);
    }

    /** An independent stream for a numbered part of the work. Does not move this one. */
    public Philox fork(long id) {
        return new Philox(mix(key ^ mix(id + 0x9E3779B97F4A7C15L)), 0);
    }

    /** An independent stream for a named part of the work (FNV-1a of the name). Does not move this one. */
    public Philox fork(String name) {
        long hash = 0xCBF29CE484222325L;
        for (byte b : name.getBytes(StandardCharsets.UTF_8)) {
            hash = (hash ^ (b & 0xff)) * 0x100000001B3L;
        }
        return fork(hash);
    }

    public long key() {
        return key;
    }

    /** How many 32-bit numbers were drawn. */
    public long position() {
        return position;
    }

    /** SplitMix64's finaliser: spreads seeds over the key space. */
    private static long mix(long z) {
        z = (z ^ z >>> 30) * 0xBF58476D1CE4E5B9L;
        z = (z ^ z >>> 27) * 0x94D049BB133111EBL;
        return z ^ z >>> 31;
    }

    /** Ten rounds over {@code counter} (four words) with {@code key} (two words), in place. */
    static void rounds(int[] counter, int key0, int key1) {
        int c0 = counter[0];
        int c1 = counter[1];
        int c2 = counter[2];
        int c3 = counter[3];
        int k0 = key0;
        int k1 = key1;
        for (int round = 0; round < ROUNDS; round++) {
            long p0 = Integer.toUnsignedLong(M0) * Integer.toUnsignedLong(c0);
            long p1 = Integer.toUnsignedLong(M1) * Integer.toUnsignedLong(c2);
            int n0 = (int) (p1 >>> 32) ^ c1 ^ k0;
            int n2 = (int) (p0 >>> 32) ^ c3 ^ k1;
            c1 = (int) p1;
            c3 = (int) p0;
            c0 = n0;
            c2 = n2;
            k0 += W0;
            k1 += W1;
        }
        counter[0] = c0;
        counter[1] = c1;
        counter[2] = c2;
        counter[3] = c3;
    }

    /** 32 random bits. */
    public int nextInt() {
        long index = position >>> 2;
        if (index != blockIndex) {
            block[0] = (int) index;
            block[1] = (int) (index >>> 32);
            block[2] = 0;
            block[3] = 0;
            rounds(block, (int) key, (int) (key >>> 32));
            blockIndex = index;
        }
        return block[(int) (position++ & 3)];
    }

    /** 64 random bits. */
    public long nextLong() {
        return (long) nextInt() << 32 | nextInt() & 0xffffffffL;
    }

    /** Uniform over 0 … bound − 1, without bias. */
    public int nextInt(int bound) {
        if (bound <= 0) {
            throw new IllegalArgumentException("bound: given " + bound + "; expected 1 or more");
        }
        long product = Integer.toUnsignedLong(nextInt()) * bound;          // Lemire 2019
        int threshold = Integer.remainderUnsigned(-bound, bound);
        while (Integer.compareUnsigned((int) product, threshold) < 0) {
            product = Integer.toUnsignedLong(nextInt()) * bound;
        }
        return (int) (product >>> 32);
    }

    /** Uniform in [0, 1), a multiple of 2⁻⁵³. */
    public double nextDouble() {
        return (nextLong() >>> 11) * 0x1p-53;
    }

    /** Uniform in [low, high). */
    public double nextDouble(double low, double high) {
        return low + (high - low) * nextDouble();
    }

    /** True with probability one half. */
    public boolean nextBoolean() {
        return nextInt() < 0;
    }

    /** Standard normal, by Box and Muller (1958); takes two uniform numbers each. */
    public double nextGaussian() {
        double radius = Math.sqrt(-2 * StrictMath.log(1 - nextDouble()));
        return radius * StrictMath.cos(2 * Math.PI * nextDouble());
    }

    /** The numbers 0 … n − 1 in random order (Fisher–Yates). */
    public int[] permutation(int n) {
        int[] order = new int[n];
        for (int i = 0; i < n; i++) {
            int j = nextInt(i + 1);
            order[i] = order[j];
            order[j] = i;
        }
        return order;
    }
}
