package dev.osteon.ssl.views;

import dev.osteon.engine.views.ViewSampling;

/** How a segment's views are drawn. */
public interface ViewPolicy {

    /** What the device draws by, resolutions with views alone, global ones first. */
    ViewSampling sampling();

    /** The plain multi-crop beneath: how many views of which size. */
    MultiCrop crops();
}
