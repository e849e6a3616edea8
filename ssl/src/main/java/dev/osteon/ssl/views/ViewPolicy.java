package dev.osteon.ssl.views;

import dev.osteon.engine.random.Philox;
import java.util.List;

/** How a segment's views are drawn. */
public interface ViewPolicy {

    /** The views of one segment, global ones first; {@code random} is this segment's own stream. */
    List<View> draw(SegmentGeometry segment, Philox random, ViewStatistics statistics);

    /** The plain multi-crop beneath: how many views of which size. */
    MultiCrop crops();
}
