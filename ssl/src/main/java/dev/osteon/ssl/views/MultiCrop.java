package dev.osteon.ssl.views;

import dev.osteon.engine.EngineException;
import dev.osteon.engine.random.Philox;
import java.util.ArrayList;
import java.util.List;

/**
 * Multi-crop (Caron et al. 2020, section 3.3): a few large views of much of the segment and more small ones of little
 * of
 * it. Each view is rotated about the segment's centre, flipped both ways with probability one half, then cropped.
 *
 * @param rotationDegrees largest rotation to either side
 */
public record MultiCrop(Resolution global, Resolution local, double rotationDegrees) implements ViewPolicy {

    /** Views of one size. */
    public record Resolution(int count, int size, RandomResizedCrop crop) {

        public Resolution {
            if (count < 0 || size < 1) {
                throw new EngineException("views: given " + count + " of " + size
                        + " pixels; expected a count of 0 or more and a size of 1 or more");
            }
        }
    }

    /** 2 × 224 of 14 to 100 % and 4 × 96 of 5 to 14 % of the area, ±20°: the paper's. */
    public static MultiCrop paper() {
        return new MultiCrop(new Resolution(2, 224, new RandomResizedCrop(0.14, 1)),
                new Resolution(4, 96, new RandomResizedCrop(0.05, 0.14)), 20);
    }

    @Override
    public List<View> draw(SegmentGeometry segment, Philox random, ViewStatistics statistics) {
        List<View> views = new ArrayList<>();
        for (Resolution resolution : List.of(global, local)) {
            for (int i = 0; i < resolution.count(); i++) {
                View view = drawOne(segment, resolution, random);
                views.add(view);
                statistics.drawn(1, segment.countSampled(view, threshold(view)) >= threshold(view));
            }
        }
        return views;
    }

    @Override
    public MultiCrop crops() {
        return this;
    }

    /** Number of views of each segment. */
    public int views() {
        return global.count() + local.count();
    }

    static int threshold(View view) {
        return (int) Math.ceil(ExtendedMultiCrop.PAPER_SHARE * view.size() * view.size());
    }

    View drawOne(SegmentGeometry segment, Resolution resolution, Philox random) {
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
