package dev.osteon.app.phantom;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.apache.commons.math3.random.RandomGenerator;
import org.apache.commons.math3.random.Well19937c;

/**
 * A subject's bones and soft tissue, placed in the picture: metacarpals that fan out from the carpus, fingers that go
 * on from them, eight carpals, and the two bones of the forearm side by side.
 *
 * @param bones in the order in which they are drawn; all lengths in mm of the picture
 * @param softTissue capsules whose union is the outline of hand and forearm
 * @param ring middle and direction of the proximal phalanx of the ring finger, in the picture
 */
record HandAnatomy(List<HollowBone> bones, List<Capsule> softTissue, HollowBone.Placement ring) {
    private static final double JOINT_MM = 1.8;
    /** Base of metacarpals 1 to 5: x, y, angle in degrees towards the thumb. */
    private static final double[][] BASE =
        {{26.5, 5, 35}, {15.6, 12.6, 8.5}, {3.6, 14.8, 1.5}, {-7.6, 13, -6.5}, {-16.8, 9.5, -15}};
    /** How far the fingers turn on from the direction of their metacarpal, degrees. */
    private static final double[] FINGER_TURN = {-11, 0, 0.5, 1, 1};
    /** Half-width of the soft tissue at the root of fingers 1 to 5, mm. */
    private static final double[] FINGER_RADIUS = {11.0, 9.8, 10.2, 9.6, 8.6};
    /** Carpals: middle x, y, half-width, half-length, angle in degrees. */
    private static final double[][] CARPALS = {
        {21, -0.5, 6.4, 6.6, 35}, {13.2, 5, 5.2, 6.0, 10}, {3.0, 2.6, 6.8, 11.2, 2}, {-9.2, 2.2, 7.4, 9.2, -14},
        {13.6, -9.5, 6.4, 10.8, 36}, {0.2, -14.2, 8.4, 6.8, 8}, {-13.0, -10.4, 6.8, 7.6, -30}, {-16.5, -7.4, 4.6, 5.6,
                -10}};

    /**
     * A stretch of soft tissue with round ends, in mm of the picture.
     *
     * @param r0 half-width at (x0, y0)
     * @param r1 half-width at (x1, y1)
     * @param depthRatio extent along the ray over extent across it
     */
    record Capsule(double x0, double y0, double r0, double x1, double y1, double r1, double depthRatio) {
    }

    static HandAnatomy of(Subject subject) {
        return new Builder(subject).build();
    }

    private static final class Builder {
        private final Subject subject;
        private final HandFrame frame;
        private final RandomGenerator random;
        private final List<HollowBone> bones = new ArrayList<>();
        private final List<Capsule> softTissue = new ArrayList<>();
        private HollowBone.Placement ring;

        Builder(Subject subject) {
            this.subject = subject;
            this.frame = HandFrame.of(subject.pose());
            this.random = new Well19937c(subject.textureSeed());
            this.ring = frame.place(0, 0, 0);
        }

        HandAnatomy build() {
            forearm();
            for (double[] c : CARPALS) {
                double angle = Math.toRadians(c[4] + jitter(5));
                double x = c[0] + jitter(0.4) - c[3] * Math.sin(angle);
                double y = c[1] + jitter(0.4) - c[3] * Math.cos(angle);
                bone(x, y, angle, BoneForms.carpal(c[2], c[3]), Optional.empty());
            }
            soft(0, -10, 27, 1, 40, 33, 0.40);
            soft(12, 0, 16, 30, 34, 14, 0.55);
            for (int finger = 1; finger <= 5; finger++) {
                finger(finger);
            }
            return new HandAnatomy(List.copyOf(bones), List.copyOf(softTissue), ring);
        }

        private void forearm() {
            double length = BoneForms.forearmLength();
            double apart = jitter(0.8);
            double radiusAngle = Math.toRadians(-1 + jitter(1));
            double ulnaAngle = Math.toRadians(0.5 + jitter(1));
            bone(10 + apart / 2 - length * Math.sin(radiusAngle), -23 - length * Math.cos(radiusAngle), radiusAngle,
                    BoneForms.radius(1.5 + jitter(0.6)), Optional.of(Bone.RADIUS));
            bone(-14.5 - apart / 2 - length * Math.sin(ulnaAngle), -23.5 + jitter(1) - length * Math.cos(ulnaAngle),
                    ulnaAngle, BoneForms.ulna(-0.5 + jitter(0.6)), Optional.of(Bone.ULNA));
            soft(0, -12, 27, 0, -70, 29, 0.50);
            soft(0, -70, 29, 1, -180, 34, 0.54);
        }

        private void finger(int finger) {
            double[] base = BASE[finger - 1];
            double spread = subject.pose().spread();
            double angle = Math.toRadians((base[2] - 1) * (finger == 1 ? 1 : spread) + jitter(1));
            double x = base[0] + jitter(0.3);
            double y = base[1] + jitter(0.5);
            HollowBone.Form metacarpal = BoneForms.metacarpal(finger, (finger <= 2 ? -0.8 : 0.5) + jitter(0.3));
            double length = BoneForms.metacarpalLength(finger);
            double turn = Math.toRadians(FINGER_TURN[finger - 1] + jitter(1.5));
            boolean missing = subject.missingFinger().orElse(0) == finger;
            if (missing) {
                return;
            }
            bone(x, y, angle, metacarpal, Optional.of(Bone.metacarpal(finger)));
            double headX = x + length * Math.sin(angle);
            double headY = y + length * Math.cos(angle);
            double root = FINGER_RADIUS[finger - 1];
            soft(x, y, finger == 1 ? 15 : 17, headX, headY, root + (finger == 1 ? 2.5 : 4), finger == 1 ? 0.8 : 0.62);
            double fingerAngle = angle + turn;
            double rootX = headX;
            double rootY = headY;
            for (int row = 0; row < 3; row++) {
                double phalanx = BoneForms.phalanxLength(finger, row);
                if (phalanx == 0) {
                    continue;
                }
                double startX = headX + JOINT_MM * Math.sin(fingerAngle);
                double startY = headY + JOINT_MM * Math.cos(fingerAngle);
                bone(startX, startY, fingerAngle, BoneForms.phalanx(finger, row), Optional.empty());
                headX = startX + phalanx * Math.sin(fingerAngle);
                headY = startY + phalanx * Math.cos(fingerAngle);
                if (finger == 4 && row == 0) {
                    ring = frame.place((startX + headX) / 2, (startY + headY) / 2, fingerAngle);
                }
                fingerAngle += Math.toRadians(jitter(1.5));
            }
            soft(rootX, rootY, root + 0.8, headX, headY, root * 0.74, 0.9);
        }

        private void bone(double x, double y, double angle, HollowBone.Form form, Optional<Bone> target) {
            double size = subject.pose().size();
            double mineral = subject.mineral() * Math.exp(jitter(0.07)) * size;
            long seed = LatticeNoise.mix(subject.textureSeed() + 1000L * (bones.size() + 1));
            HollowBone.Form scaled = BoneForms.scaled(form, size, mineral);
            Subject.Microstructure own = subject.microstructure().varied(1 + jitter(0.05), 1 + jitter(0.05));
            bones.add(new HollowBone(frame.place(x, y, angle), scaled, target, own, seed));
        }

        private void soft(double x0, double y0, double r0, double x1, double y1, double r1, double depthRatio) {
            double size = subject.pose().size();
            double wide = size * Math.sqrt(subject.softTissue());
            softTissue.add(new Capsule(frame.x(x0, y0), frame.y(x0, y0), r0 * wide, frame.x(x1, y1), frame.y(x1, y1),
                    r1 * wide, depthRatio * Math.sqrt(subject.softTissue())));
        }

        private double jitter(double standardDeviation) {
            return standardDeviation * Math.clamp(random.nextGaussian(), -2.5, 2.5);
        }
    }
}
