package dev.osteon.app.phantom;

import dev.osteon.app.image.GrayImage;
import java.util.Collections;
import java.util.Map;
import java.util.Optional;

/**
 * One subject's radiograph with its truth.
 *
 * @param subject whose hand it is
 * @param radiograph 16 bit, {@code [height, width]}, bone bright, no sample zero
 * @param masks the shadow of each bone that the subject has, in the order of {@link Bone}
 */
public record HandPhantom(Subject subject, GrayImage radiograph, Map<Bone, BoneMask> masks) {
    /** Zeros around a bone segment, in mm. */
    private static final double SEGMENT_MARGIN_MM = 1.6;

    /**
     * Renders a subject; the same arguments give the same samples. The scale changes the sampling and the photon
     * noise of each pixel, not what is pictured.
     */
    public static HandPhantom render(Subject subject, PhantomConfig config) {
        AttenuationMap map = AttenuationMap.of(subject, config);
        GrayImage radiograph = Detector.expose(map, subject, config);
        return new HandPhantom(subject, radiograph, Collections.unmodifiableMap(map.masks()));
    }

    /** The bone segment: mask times radiograph, cropped to the mask with a small margin; empty if it is missing. */
    public Optional<GrayImage> segment(Bone bone) {
        // The pixel's side follows from the radiograph's height.
        double pixelMm = PhantomConfig.FULL_PIXEL_MM * PhantomConfig.FULL_HEIGHT / radiograph.height();
        int margin = (int) Math.max(1, Math.round(SEGMENT_MARGIN_MM / pixelMm));
        return Optional.ofNullable(masks.get(bone)).map(mask -> mask.segment(radiograph, margin));
    }
}
