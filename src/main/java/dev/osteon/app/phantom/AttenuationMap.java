package dev.osteon.app.phantom;

import dev.osteon.app.phantom.HandAnatomy.Capsule;
import dev.osteon.app.phantom.Subject.Accessory;
import dev.osteon.app.phantom.Subject.Side;
import java.util.EnumMap;
import java.util.Map;

/**
 * The sum of mu * thickness along the ray through each pixel, and where each bone's shadow falls. Bones are brought
 * to a drawn mean attenuation that does not depend on the T-score: as on real film, where exposure and bone size
 * hide it, mean brightness says nothing about the bone; its cortex and trabeculae do.
 */
final class AttenuationMap {
    private static final double SOFT_TISSUE_PER_MM = 0.024;
    private static final double METAL = 2.5;

    private final int width;
    private final int height;
    private final double pixelMm;
    private final float[] attenuation;
    private final Map<Bone, BoneMask> masks = new EnumMap<>(Bone.class);

    private AttenuationMap(PhantomConfig config) {
        this.width = config.width();
        this.height = config.height();
        this.pixelMm = config.pixelMm();
        this.attenuation = new float[width * height];
    }

    static AttenuationMap of(Subject subject, PhantomConfig config) {
        AttenuationMap map = new AttenuationMap(config);
        HandAnatomy hand = HandAnatomy.of(subject);
        map.addSoftTissue(hand, subject.textureSeed());
        hand.bones().forEach(map::addBone);
        map.addAccessories(subject, hand);
        return map;
    }

    /** Attenuation -ln(I/I0), {@code [height * width]}, row by row. */
    float[] attenuation() {
        return attenuation;
    }

    Map<Bone, BoneMask> masks() {
        return masks;
    }

    private int first(double mm) {
        return Math.max(0, (int) Math.floor(mm / pixelMm));
    }

    private int last(double mm, int size) {
        return Math.min(size, (int) Math.ceil(mm / pixelMm) + 1);
    }

    private double centre(int pixel) {
        return (pixel + 0.5) * pixelMm;
    }

    private void addSoftTissue(HandAnatomy hand, long seed) {
        for (Capsule capsule : hand.softTissue()) {
            double r = Math.max(capsule.r0(), capsule.r1());
            int x0 = first(Math.min(capsule.x0(), capsule.x1()) - r);
            int x1 = last(Math.max(capsule.x0(), capsule.x1()) + r, width);
            int y0 = first(Math.min(capsule.y0(), capsule.y1()) - r);
            int y1 = last(Math.max(capsule.y0(), capsule.y1()) + r, height);
            for (int y = y0; y < y1; y++) {
                for (int x = x0; x < x1; x++) {
                    float square = (float) squaredThickness(capsule, centre(x), centre(y));
                    // A 4-norm of the parts' thicknesses joins them smoothly, without doubling where they overlap.
                    attenuation[y * width + x] += square * square;
                }
            }
        }
        for (int y = 0; y < height; y++) {
            for (int x = 0; x < width; x++) {
                int i = y * width + x;
                if (attenuation[i] > 0) {
                    double uneven = 1 + 0.10 * LatticeNoise.gradient(seed + 7, centre(x) / 22, centre(y) / 22)
                            + 0.06 * LatticeNoise.gradient(seed + 8, centre(x) / 6, centre(y) / 6);
                    attenuation[i] = (float) (SOFT_TISSUE_PER_MM * uneven * Math.sqrt(Math.sqrt(attenuation[i])));
                }
            }
        }
    }

    private static double squaredThickness(Capsule capsule, double x, double y) {
        double dx = capsule.x1() - capsule.x0();
        double dy = capsule.y1() - capsule.y0();
        double t = Math.clamp(((x - capsule.x0()) * dx + (y - capsule.y0()) * dy) / (dx * dx + dy * dy), 0, 1);
        double offX = x - capsule.x0() - t * dx;
        double offY = y - capsule.y0() - t * dy;
        double r = capsule.r0() + t * (capsule.r1() - capsule.r0());
        double room = r * r - offX * offX - offY * offY;
        return room <= 0 ? 0 : 4 * capsule.depthRatio() * capsule.depthRatio() * room;
    }

    private void addBone(HollowBone bone) {
        double[] bounds = bone.boundsMm();
        int x0 = first(bounds[0]);
        int y0 = first(bounds[1]);
        int x1 = last(bounds[2], width);
        int y1 = last(bounds[3], height);
        if (x0 >= x1 || y0 >= y1) {
            return;
        }
        float[] mineral = new float[(x1 - x0) * (y1 - y0)];
        boolean[] inside = new boolean[mineral.length];
        double sum = 0;
        int count = 0;
        for (int y = y0, i = 0; y < y1; y++) {
            for (int x = x0; x < x1; x++, i++) {
                double mm = bone.mineralMm(centre(x), centre(y));
                if (mm >= 0) {
                    mineral[i] = (float) mm;
                    inside[i] = true;
                    sum += mm;
                    count++;
                }
            }
        }
        if (count == 0) {
            return;
        }
        float perMm = (float) (bone.attenuation() * count / sum);
        for (int y = y0, i = 0; y < y1; y++) {
            for (int x = x0; x < x1; x++, i++) {
                attenuation[y * width + x] += perMm * mineral[i];
            }
        }
        bone.target().ifPresent(target -> masks.put(target, BoneMask.of(target, x0, y0, x1 - x0, inside)));
    }

    private void addAccessories(Subject subject, HandAnatomy hand) {
        Accessory accessory = subject.accessory();
        boolean ring = accessory == Accessory.RING || accessory == Accessory.RING_AND_SIDE_MARKER;
        if (ring && subject.missingFinger().orElse(0) != 4) {
            HollowBone.Placement at = hand.ring();
            addStroke(at.x() - 9 * at.acrossX(), at.y() - 9 * at.acrossY(), at.x() + 9 * at.acrossX(),
                    at.y() + 9 * at.acrossY(), 2.2);
        }
        if (accessory == Accessory.SIDE_MARKER || accessory == Accessory.RING_AND_SIDE_MARKER) {
            addSideMarker(subject.pose().side(), 30 + (subject.textureSeed() & 15));
        }
    }

    /** A lead letter, L or R, in the air beside the forearm. */
    private void addSideMarker(Side side, double left) {
        double top = 312;
        addStroke(left, top, left, top + 14, 1.1);
        if (side == Side.LEFT) {
            addStroke(left, top + 14, left + 8, top + 14, 1.1);
            return;
        }
        addStroke(left, top, left + 6, top, 1.1);
        addStroke(left + 6, top, left + 8, top + 3.5, 1.1);
        addStroke(left + 8, top + 3.5, left + 6, top + 7, 1.1);
        addStroke(left + 6, top + 7, left, top + 7, 1.1);
        addStroke(left + 3, top + 7, left + 8, top + 14, 1.1);
    }

    private void addStroke(double x0, double y0, double x1, double y1, double radius) {
        Capsule stroke = new Capsule(x0, y0, radius, x1, y1, radius, 1);
        for (int y = first(Math.min(y0, y1) - radius); y < last(Math.max(y0, y1) + radius, height); y++) {
            for (int x = first(Math.min(x0, x1) - radius); x < last(Math.max(x0, x1) + radius, width); x++) {
                if (squaredThickness(stroke, centre(x), centre(y)) > 0) {
                    int i = y * width + x;
                    attenuation[i] = (float) Math.max(attenuation[i], METAL);
                }
            }
        }
    }
}
