package dev.osteon.engine.views;

import dev.osteon.engine.EngineException;
import dev.osteon.engine.random.Philox;
import java.util.ArrayList;
import java.util.List;

/**
 * How the views of a segment are drawn. Each is rotated about the segment's centre, flipped both ways with probability
 * one half, then cropped; and it is drawn again until enough of its pixels, as finally sampled, are not zero. After
 * {@code maxTries} draws the best of them is taken: an empty segment ends too.
 *
 * <p>This is what {@code op.DrawViews} means. On a GPU {@code cuda/views.cu} says the same once more, and every number
 * is the same to the bit: all are float64, made by + − × ÷ and √, which IEEE 754 rounds the same everywhere, and by
 * fdlibm's exp, sin and cos.
 *
 * @param resolutions     in the order in which they are drawn; one at least
 * @param rotationDegrees largest rotation to either side, 0 to 180
 * @param minShare        smallest share of pixels that are not zero, 0 to 1
 * @param maxTries        most draws for one view; with 1 each is taken, and {@link DrawnView#enough} only tells
 */
public record ViewSampling(List<Resolution> resolutions, double rotationDegrees, double minShare, int maxTries) {

    public ViewSampling {
        resolutions = List.copyOf(resolutions);
        if (resolutions.isEmpty()) {
            throw new EngineException("views: given no resolution; expected one or more");
        }
        if (!(rotationDegrees >= 0 && rotationDegrees <= 180)) {
            throw new EngineException("views: given a rotation by up to " + rotationDegrees + "°; expected 0 to 180");
        }
        if (!(minShare >= 0 && minShare <= 1) || maxTries < 1) {
            throw new EngineException("views: given a share of " + minShare + " and " + maxTries
                    + " tries; expected a share of 0 to 1 and 1 try or more");
        }
    }

    /** Views of each segment, of all resolutions. */
    public int views() {
        return resolutions.stream().mapToInt(Resolution::count).sum();
    }

    /** How many pixels of a view are enough. */
    public int enough(Resolution resolution) {
        return (int) Math.ceil(minShare * resolution.size() * resolution.size());
    }

    /**
     * The views of one segment, resolution by resolution.
     *
     * @param random this segment's own stream; each view goes on where the one before has ended
     */
    public List<DrawnView> draw(SegmentGeometry segment, Philox random) {
        List<DrawnView> views = new ArrayList<>();
        for (Resolution resolution : resolutions) {
            for (int i = 0; i < resolution.count(); i++) {
                views.add(drawOne(segment, resolution, random));
            }
        }
        return views;
    }

    private DrawnView drawOne(SegmentGeometry segment, Resolution resolution, Philox random) {
        int enough = enough(resolution);
        View best = drawOnce(segment, resolution, random);
        int most = segment.countSampled(best, enough);
        int tries = 1;
        while (most < enough && tries < maxTries) {
            View next = drawOnce(segment, resolution, random);
            int count = segment.countSampled(next, enough);
            tries++;
            if (count > most) {
                best = next;
                most = count;
            }
        }
        return new DrawnView(best, tries, most >= enough);
    }

    private View drawOnce(SegmentGeometry segment, Resolution resolution, Philox random) {
        int height = segment.height();
        int width = segment.width();
        AffineMatrix whole = AffineMatrix.rotation(random.nextDouble(-rotationDegrees, rotationDegrees), height, width);
        if (random.nextBoolean()) {
            whole = whole.after(AffineMatrix.flipHorizontal(width));
        }
        if (random.nextBoolean()) {
            whole = whole.after(AffineMatrix.flipVertical(height));
        }
        Crop crop = resolution.crop().draw(height, width, random);
        return new View(resolution.size(), whole.after(AffineMatrix.resize(crop, resolution.size())));
    }
}
