package dev.osteon.ssl.views;

import dev.osteon.engine.EngineException;
import dev.osteon.engine.random.Philox;
import java.util.ArrayList;
import java.util.List;

/**
 * The paper's extension of multi-crop: a view is drawn again until enough of its pixels, as finally sampled, are not
 * zero, so that no view shows only the background around a bone. After {@code maxTries} draws the best of them is taken
 * and counted: an empty segment ends too.
 *
 * @param minShare smallest share of non-zero pixels, 0 to 1; 0.10 in the paper
 * @param maxTries most draws for one view, 1 or more
 */
public record ExtendedMultiCrop(MultiCrop crops, double minShare, int maxTries) implements ViewPolicy {

    /** The paper's threshold. */
    public static final double PAPER_SHARE = 0.10;

    public ExtendedMultiCrop {
        if (!(minShare >= 0 && minShare <= 1) || maxTries < 1) {
            throw new EngineException("extended multi-crop: given a share of " + minShare + " and " + maxTries
                    + " tries; expected a share of 0 to 1 and 1 try or more");
        }
    }

    @Override
    public List<View> draw(SegmentGeometry segment, Philox random, ViewStatistics statistics) {
        List<View> views = new ArrayList<>();
        for (MultiCrop.Resolution resolution : List.of(crops.global(), crops.local())) {
            for (int i = 0; i < resolution.count(); i++) {
                views.add(drawOne(segment, resolution, random, statistics));
            }
        }
        return views;
    }

    private View drawOne(SegmentGeometry segment, MultiCrop.Resolution resolution, Philox random,
            ViewStatistics statistics) {
        int enough = (int) Math.ceil(minShare * resolution.size() * resolution.size());
        View best = crops.drawOne(segment, resolution, random);
        int most = segment.countSampled(best, enough);
        int tries = 1;
        while (most < enough && tries < maxTries) {
            View next = crops.drawOne(segment, resolution, random);
            int count = segment.countSampled(next, enough);
            tries++;
            if (count > most) {
                best = next;
                most = count;
            }
        }
        statistics.drawn(tries, most >= enough);
        return best;
    }
}
