package dev.osteon.app.phantom;

import java.util.EnumSet;
import java.util.Locale;
import java.util.OptionalInt;
import java.util.Set;
import org.apache.commons.math3.distribution.NormalDistribution;
import org.apache.commons.math3.random.RandomGenerator;
import org.apache.commons.math3.random.Well19937c;

/**
 * One subject of the phantom: what is true of them, and how their radiograph was taken. A pure function of
 * (seed, index); nothing here depends on the scale of the picture.
 *
 * @param index 0-based number in the data set
 * @param id name in files, {@code p00000}
 * @param tScore T-score, rounded to two decimals, -5..2
 * @param microstructure cortex and trabecular network, which follow the T-score
 * @param pose where and how the hand lies
 * @param exposure how the radiograph was taken; independent of the T-score
 * @param softTissue factor on the thickness of the soft tissue, around 1
 * @param mineral factor on the attenuation of bone, around 1; independent of the T-score, as mean brightness is
 * @param missingFinger 1..5 where a whole ray (metacarpal and phalanges) is missing
 * @param accessory what lies in the beam besides the hand
 * @param textureSeed seed of this subject's random fields and small variations
 */
public record Subject(int index, String id, double tScore, Microstructure microstructure, Pose pose, Exposure exposure,
        double softTissue, double mineral, OptionalInt missingFinger, Accessory accessory, long textureSeed) {
    /** Diagnostic threshold of osteoporosis (WHO 1994): a T-score of -2.5 or lower. */
    public static final double OSTEOPOROSIS_T_SCORE = -2.5;
    /** Mean and standard deviation of the drawn T-scores: P(T <= -2.5) = 0.29. */
    private static final NormalDistribution T_SCORES = new NormalDistribution(null, -1.75, 1.35);
    private static final double MIN_T = -5;
    private static final double MAX_T = 2;

    /** Which hand. */
    public enum Side { LEFT, RIGHT }

    /** A foreign object in the radiograph. */
    public enum Accessory { NONE, RING, SIDE_MARKER, RING_AND_SIDE_MARKER }

    /**
     * How a subject's bones are built: what the T-score does to them, and two properties that have nothing to do with
     * it and blur what brightness tells.
     *
     * @param corticalRatio thickness of one cortex over the width of the bone at mid-shaft, 0.06..0.32
     * @param spacingMm distance between trabeculae in mm
     * @param strutMm thickness of a trabecula's shadow in mm
     * @param anisotropy length of a trabecula over the distance between two, at least 1
     * @param transverse weight of the transverse trabeculae against the longitudinal ones, 0..1; lost first
     * @param trabecularContrast factor on the trabeculae's density, independent of the T-score
     * @param wallFraction thickness of a shaft's front and back walls over that of its sides, independent too
     */
    public record Microstructure(double corticalRatio, double spacingMm, double strutMm, double anisotropy,
            double transverse, double trabecularContrast, double wallFraction) {
        /** The same with other cortical thickness and spacing: bones of one subject differ a little. */
        Microstructure varied(double corticalFactor, double spacingFactor) {
            return new Microstructure(corticalRatio * corticalFactor, spacingMm * spacingFactor, strutMm, anisotropy,
                    transverse, trabecularContrast, wallFraction);
        }

        /** @param quality the T-score, with the deviation of this subject's bones from it */
        static Microstructure of(double quality, RandomGenerator random) {
            double loss = Math.clamp((1 - quality) / 5, -0.2, 1.2); // 0 at T = +1, 1 at T = -4
            return new Microstructure(
                    Math.clamp((0.28 - 0.18 * loss) * (1 + 0.05 * random.nextGaussian()), 0.06, 0.32),
                    1.25 * (1 + loss) * (1 + 0.06 * random.nextGaussian()),
                    (0.6 - 0.1 * loss) * Math.exp(0.12 * random.nextGaussian()),
                    1.8 + 1.6 * loss,
                    Math.clamp(0.9 - 0.7 * loss, 0.05, 1), Math.exp(0.3 * Math.clamp(random.nextGaussian(), -2, 2)),
                    uniform(random, 0.4, 0.95));
        }
    }

    /**
     * Placement of the hand.
     *
     * @param size factor on all lengths of the hand, around 1
     * @param rotation radians, positive turns the fingers of the picture to the right
     * @param shiftXMm shift to the right in mm
     * @param shiftYMm shift down in mm
     * @param spread factor on the angles between the fingers, around 1
     */
    public record Pose(Side side, double size, double rotation, double shiftXMm, double shiftYMm, double spread) {
    }

    /**
     * Detector and display.
     *
     * @param photonsPerMm2 photons without an object in the beam
     * @param blurMm standard deviation of the detector's blur in mm
     * @param meanLevel mean display level of the bones, a fraction of full scale
     * @param contrast standard deviation of the display level within the bones, a fraction of full scale
     * @param gamma exponent of the display curve
     */
    public record Exposure(double photonsPerMm2, double blurMm, double meanLevel, double contrast, double gamma) {
    }

    /**
     * Draws a subject.
     *
     * @param seed the data set's seed
     * @param index 0-based, any non-negative number
     */
    public static Subject draw(long seed, int index) {
        RandomGenerator random = new Well19937c(LatticeNoise.mix(LatticeNoise.mix(seed) ^ index));
        double tScore = Math.round(100 * drawTScore(random)) / 100.0;
        return draw(random, index, tScore);
    }

    /** The same subject, as far as its other properties go, with another T-score: for comparing pictures. */
    public static Subject drawWithTScore(long seed, int index, double tScore) {
        RandomGenerator random = new Well19937c(LatticeNoise.mix(LatticeNoise.mix(seed) ^ index));
        drawTScore(random);
        return draw(random, index, tScore);
    }

    private static double drawTScore(RandomGenerator random) {
        // Inversion on the truncated interval: one number drawn, whatever the outcome.
        double low = T_SCORES.cumulativeProbability(MIN_T);
        double high = T_SCORES.cumulativeProbability(MAX_T);
        return T_SCORES.inverseCumulativeProbability(low + (high - low) * random.nextDouble());
    }

    private static Subject draw(RandomGenerator random, int index, double tScore) {
        Microstructure microstructure = Microstructure.of(tScore + 0.35 * random.nextGaussian(), random);
        Pose pose = new Pose(random.nextBoolean() ? Side.LEFT : Side.RIGHT,
                Math.clamp(1 + 0.06 * random.nextGaussian(), 0.88, 1.12), Math.toRadians(uniform(random, -10, 10)),
                uniform(random, -8, 8), uniform(random, -7, 7), uniform(random, 0.75, 1.2));
        Exposure exposure = new Exposure(Math.exp(uniform(random, Math.log(6e4), Math.log(3e5))),
                uniform(random, 0.08, 0.20), uniform(random, 0.48, 0.64), uniform(random, 0.075, 0.12),
                uniform(random, 0.7, 1.45));
        double softTissue = Math.clamp(1 + 0.12 * random.nextGaussian(), 0.7, 1.4);
        double mineral = Math.exp(0.12 * random.nextGaussian());
        double rare = random.nextDouble();
        int finger = 1 + random.nextInt(5);
        OptionalInt missing = rare < 0.03 ? OptionalInt.of(finger) : OptionalInt.empty();
        boolean ring = random.nextDouble() < 0.08;
        boolean marker = random.nextDouble() < 0.25;
        Accessory accessory = ring ? marker ? Accessory.RING_AND_SIDE_MARKER : Accessory.RING
                : marker ? Accessory.SIDE_MARKER : Accessory.NONE;
        return new Subject(index, String.format(Locale.ROOT, "p%05d", index), tScore, microstructure, pose, exposure,
                softTissue, mineral, missing, accessory, random.nextLong());
    }

    private static double uniform(RandomGenerator random, double low, double high) {
        return low + (high - low) * random.nextDouble();
    }

    /** Whether the T-score is -2.5 or lower. */
    public boolean osteoporosis() {
        return tScore <= OSTEOPOROSIS_T_SCORE;
    }

    /** The bones that this subject has, in the order of {@link Bone}. */
    public Set<Bone> bones() {
        EnumSet<Bone> bones = EnumSet.allOf(Bone.class);
        missingFinger.ifPresent(finger -> bones.remove(Bone.metacarpal(finger)));
        return bones;
    }
}
