package dev.osteon.app.annotate;

import dev.osteon.app.image.GrayImage;
import dev.osteon.app.phantom.Bone;
import dev.osteon.app.segment.BonePrompt;
import dev.osteon.app.segment.BoneSegmenter;
import dev.osteon.engine.random.Philox;
import dev.osteon.models.sam.Embedding;
import dev.osteon.models.sam.Point;
import dev.osteon.models.sam.PointPrompt;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;

/**
 * Quick masks of nothing, one for each number of points, some rounds of them: after these the virtual machine has
 * compiled the decoder's kernels, and its programs for those numbers are kept.
 */
final class WarmUp {

    private static final int ROUNDS = 3;
    private static final int POINTS = 10;
    private static final int SIDE = 512;
    private static final int APART = SIDE / (POINTS + 1);

    private WarmUp() { }

    /** The steps, of which the first takes longest. */
    static Iterator<Runnable> of(BoneSegmenter segmenter) {
        GrayImage image = GrayImage.black(SIDE, SIDE, Byte.SIZE);
        Philox random = Philox.of(0);
        float[] values = new float[Embedding.VALUES];
        for (int i = 0; i < values.length; i++) {
            values[i] = (float) random.nextGaussian();
        }
        Embedding embedding = new Embedding(SIDE, SIDE, values);
        return IntStream.range(0, ROUNDS * POINTS).<Runnable>mapToObj(step -> () -> {
            List<Point> points = IntStream.rangeClosed(1, 1 + step % POINTS)
                    .mapToObj(k -> new Point(APART * k, APART * k)).toList();
            BonePrompt prompt = BonePrompt.of(new PointPrompt(points, List.of()));
            segmenter.preview(image, embedding, Map.of(Bone.RADIUS, prompt), Bone.RADIUS);
        }).iterator();
    }
}
