package dev.osteon.app.annotate;

import dev.osteon.app.image.GrayImage;
import dev.osteon.app.phantom.Bone;
import dev.osteon.app.segment.BonePrompt;
import dev.osteon.app.segment.Mask;
import dev.osteon.engine.random.Philox;
import dev.osteon.models.sam.Embedding;
import dev.osteon.models.sam.Point;
import dev.osteon.models.sam.PointPrompt;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;

/**
 * Quick masks of nothing, one for each number of points, some rounds of them, one of these with a second bone beside
 * the first: after them the virtual machine has compiled the decoder's kernels, the decoder's programs for those
 * numbers are kept, and the search for valleys between bones is loaded.
 */
final class WarmUp {

    private static final int ROUNDS = 3;
    private static final int ROUND_OF_TWO_BONES = 1;
    private static final int POINTS = 10;
    private static final int SIDE = 512;
    private static final int APART = SIDE / (POINTS + 1);

    /** Makes a quick mask of one of the bones with prompts. */
    @FunctionalInterface
    interface Preview {
        Mask of(GrayImage image, Embedding embedding, Map<Bone, BonePrompt> prompts, Bone bone);
    }

    private WarmUp() { }

    /** The steps, of which the first takes longest. */
    static Iterator<Runnable> of(Preview preview) {
        GrayImage image = GrayImage.black(SIDE, SIDE, Byte.SIZE);
        Philox random = Philox.of(0);
        float[] values = new float[Embedding.VALUES];
        for (int i = 0; i < values.length; i++) {
            values[i] = (float) random.nextGaussian();
        }
        Embedding embedding = new Embedding(SIDE, SIDE, values);
        return IntStream.range(0, ROUNDS * POINTS).<Runnable>mapToObj(step -> () -> {
            int points = 1 + step % POINTS;
            Map<Bone, BonePrompt> prompts = step / POINTS == ROUND_OF_TWO_BONES
                    ? Map.of(Bone.RADIUS, line(points, 0), Bone.ULNA, line(points, APART))
                    : Map.of(Bone.RADIUS, line(points, 0));
            preview.of(image, embedding, prompts, Bone.RADIUS);
        }).iterator();
    }

    private static BonePrompt line(int points, int down) {
        return BonePrompt.of(new PointPrompt(IntStream.rangeClosed(1, points)
                .mapToObj(k -> new Point(APART * k, APART * k + down)).toList(), List.of()));
    }
}
