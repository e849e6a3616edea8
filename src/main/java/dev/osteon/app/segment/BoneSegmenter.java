package dev.osteon.app.segment;

import dev.osteon.app.image.GrayImage;
import dev.osteon.app.phantom.Bone;
import dev.osteon.models.sam.Embedding;
import dev.osteon.models.sam.MaskLogits;
import dev.osteon.models.sam.Point;
import dev.osteon.models.sam.PointPrompt;
import dev.osteon.models.sam.SamDecoder;
import java.io.IOException;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/** Masks of bones from point prompts (paper, section 2.1), with the {@link Step}s that are asked for. */
public final class BoneSegmenter {

    private static final int PASSES = 3;
    /** Side of the zoomed window over the extent of the positive points: nearer views lose what a bone is. */
    private static final double ZOOM = 4.5;
    /** A window that is hardly smaller than the image shows nothing new. */
    private static final double WORTH_ZOOMING = 0.75;
    /** Points this near to each other, in pixels, say nothing of the bone's size. */
    private static final int LEAST_WINDOW = 32;
    private static final double UNSTABLE = 0.6;
    private static final double OVERLAPPING = 0.1;
    private static final int PREVIEW = 512;

    private final Embeddings embeddings;
    private final SamDecoder decoder;
    private final Set<Step> steps;

    public BoneSegmenter(Embeddings embeddings, SamDecoder decoder, Set<Step> steps) {
        this.embeddings = embeddings;
        this.decoder = decoder;
        this.steps = steps.isEmpty() ? EnumSet.noneOf(Step.class) : EnumSet.copyOf(steps);
    }

    private record Candidate(Mask mask, double stability, double agreement) {}

    /** One segment for each bone with a prompt, none without; bone must be bright. */
    public Map<Bone, BoneSegment> segment(GrayImage image, Map<Bone, BonePrompt> prompts) throws IOException {
        if (prompts.isEmpty()) {
            return Map.of();
        }
        Embedding whole = embeddings.whole(image);
        Map<Bone, Candidate> best = new EnumMap<>(Bone.class);
        for (Bone bone : prompts.keySet()) {
            best.put(bone, best(image, whole, prompts, bone));
        }
        Map<Bone, BoneSegment> segments = new EnumMap<>(Bone.class);
        best.forEach((bone, candidate) -> segments.put(bone, segment(bone, best, prompts.get(bone))));
        return segments;
    }

    /**
     * The segment of one bone, with the prompts of the others; its flags do not tell of overlap.
     *
     * @param whole the embedding of the whole image
     */
    public BoneSegment segment(GrayImage image, Embedding whole, Map<Bone, BonePrompt> prompts, Bone bone)
            throws IOException {
        return segment(bone, Map.of(bone, best(image, whole, prompts, bone)), prompts.get(bone));
    }

    private static BoneSegment segment(Bone bone, Map<Bone, Candidate> all, BonePrompt prompt) {
        Candidate candidate = all.get(bone);
        return new BoneSegment(bone, candidate.mask(), prompt.points(), candidate.stability(),
                flags(bone, all, prompt.points()));
    }

    private Candidate best(GrayImage image, Embedding whole, Map<Bone, BonePrompt> prompts, Bone bone)
            throws IOException {
        PointPrompt prompt = prompts.get(bone).points();
        PointPrompt asked = asked(image, prompts, bone);
        List<Candidate> candidates = new ArrayList<>(masks(whole, Window.whole(image), image, asked));
        if (steps.contains(Step.ZOOM)) {
            Optional<Window> window = zoom(image, prompt);
            if (window.isPresent()) {
                candidates.addAll(masks(embeddings.of(image, window.get()), window.get(), image, asked));
            }
        }
        Candidate best = steps.contains(Step.CHOICE) ? candidates.stream()
                .reduce((a, b) -> b.agreement() > a.agreement() ? b : a).orElseThrow() : candidates.getLast();
        return new Candidate(Stroke.drawn(best.mask(), prompts.get(bone).strokes()), best.stability(),
                best.agreement());
    }

    private PointPrompt asked(GrayImage image, Map<Bone, BonePrompt> prompts, Bone bone) {
        PointPrompt prompt = prompts.get(bone).points();
        if (!steps.contains(Step.VALLEYS)) {
            return prompt;
        }
        Map<Bone, PointPrompt> points = new EnumMap<>(Bone.class);
        prompts.forEach((other, of) -> points.put(other, of.points()));
        return prompt.without(new Valleys(image, points).around(bone));
    }

    /**
     * A first mask of a bone, to look at while points are being placed: one pass of the decoder over the whole image,
     * on a grid of at most {@value #PREVIEW} along the longer side.
     *
     * @param whole the embedding of the whole image
     */
    public Mask preview(GrayImage image, Embedding whole, Map<Bone, BonePrompt> prompts, Bone bone) {
        double scale = Math.min(1, (double) PREVIEW / Math.max(image.width(), image.height()));
        int width = Math.max(1, (int) Math.round(scale * image.width()));
        int height = Math.max(1, (int) Math.round(scale * image.height()));
        float[] logits = decoder.decode(whole, asked(image, prompts, bone), Optional.empty()).at(width, height);
        boolean[] inside = new boolean[logits.length];
        for (int i = 0; i < logits.length; i++) {
            inside[i] = logits[i] > 0;
        }
        BonePrompt prompt = prompts.get(bone);
        Mask mask = new Mask(width, height, inside);
        if (steps.contains(Step.CLEANUP)) {
            mask = mask.pieceWith(prompt.points().positive().stream()
                    .map(p -> new Point(p.x() * scale, p.y() * scale)).toList());
        }
        return Stroke.drawn(mask, prompt.strokes().stream().map(stroke -> stroke.times(scale)).toList());
    }

    private static Optional<Window> zoom(GrayImage image, PointPrompt prompt) {
        double extent = 0;
        for (Point a : prompt.positive()) {
            for (Point b : prompt.positive()) {
                extent = Math.max(extent, Math.max(Math.abs(a.x() - b.x()), Math.abs(a.y() - b.y())));
            }
        }
        int side = (int) (ZOOM * extent);
        boolean worth = side >= LEAST_WINDOW && side < WORTH_ZOOMING * Math.max(image.width(), image.height());
        return worth ? Optional.of(Window.around(prompt.positive(), side, image)) : Optional.empty();
    }

    /** The masks of all passes over one window. */
    private List<Candidate> masks(Embedding embedding, Window window, GrayImage image, PointPrompt prompt) {
        PointPrompt seen = new PointPrompt(prompt.positive(), prompt.negative().stream().filter(window::contains)
                .toList()).from(window.x(), window.y());
        List<Candidate> candidates = new ArrayList<>();
        Optional<MaskLogits> before = Optional.empty();
        for (int pass = 0; pass < (steps.contains(Step.SECOND_PASS) ? PASSES : 1); pass++) {
            MaskLogits logits = decoder.decode(embedding, seen, before);
            candidates.add(candidate(logits.atPixels(), window, image, prompt));
            before = Optional.of(logits);
        }
        return candidates;
    }

    /**
     * Agreement is the share of points on their side of the mask, first the positive, plus the stability, less what
     * cleaning had to take away: each from 0 to 1.
     */
    private Candidate candidate(float[] logits, Window window, GrayImage image, PointPrompt prompt) {
        Mask raw = Mask.above(0, logits, window, image);
        int certain = 0;
        int possible = 0;
        for (float logit : logits) {
            certain += logit > 1 ? 1 : 0;
            possible += logit > -1 ? 1 : 0;
        }
        Mask piece = raw.pieceWith(prompt.positive());
        double stability = (double) certain / Math.max(1, possible);
        double inside = (double) piece.holding(prompt.positive()) / prompt.positive().size();
        double outside = prompt.negative().isEmpty() ? 1
                : 1 - (double) piece.holding(prompt.negative()) / prompt.negative().size();
        double whole = (double) piece.common(raw) / Math.max(1, raw.area());
        return new Candidate(steps.contains(Step.CLEANUP) ? piece : raw, stability,
                2 * inside + 2 * outside + stability + whole);
    }

    private static List<String> flags(Bone bone, Map<Bone, Candidate> all, PointPrompt prompt) {
        Mask mask = all.get(bone).mask();
        List<String> flags = new ArrayList<>();
        if (mask.holding(prompt.positive()) < prompt.positive().size()) {
            flags.add("positive-outside");
        }
        if (mask.holding(prompt.negative()) > 0) {
            flags.add("negative-inside");
        }
        if (all.get(bone).stability() < UNSTABLE) {
            flags.add("unstable");
        }
        if (atBorder(mask)) {
            flags.add("at-border");
        }
        all.forEach((other, candidate) -> {
            if (other != bone && mask.common(candidate.mask()) > OVERLAPPING * mask.area()) {
                flags.add("overlaps-" + other.label());
            }
        });
        return flags;
    }

    private static boolean atBorder(Mask mask) {
        for (int x = 0; x < mask.width(); x++) {
            if (mask.inside()[x] || mask.inside()[mask.inside().length - 1 - x]) {
                return true;
            }
        }
        for (int y = 0; y < mask.height(); y++) {
            if (mask.inside()[y * mask.width()] || mask.inside()[(y + 1) * mask.width() - 1]) {
                return true;
            }
        }
        return false;
    }
}
