package dev.osteon.app.run;

import dev.osteon.app.UserError;
import dev.osteon.app.data.Sample;
import dev.osteon.app.image.GrayImage;
import dev.osteon.app.image.ImageFiles;
import dev.osteon.app.image.UnreadableImageException;
import dev.osteon.ssl.data.Segment;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;

/** Reads the pictures of a data set into segments, reduced to a longest side. */
final class SegmentLoader {

    private static final int NAMED_AT_MOST = 3;

    private final int longestSide;

    SegmentLoader(int longestSide) {
        this.longestSide = longestSide;
    }

    /** @throws UserError naming the pictures that cannot be read, after trying all of them */
    List<Segment> load(List<Sample> samples, Progress progress) {
        progress.begin("reading");
        List<Segment> segments = new ArrayList<>();
        List<UnreadableImageException> unreadable = new ArrayList<>();
        for (int i = 0; i < samples.size(); i++) {
            try {
                segments.add(read(samples.get(i).file()));
            } catch (UnreadableImageException e) {
                unreadable.add(e);
            }
            progress.update(i + 1L, samples.size(), "images", "");
        }
        if (!unreadable.isEmpty()) {
            throw new UserError(describe(unreadable), unreadable.getFirst());
        }
        return segments;
    }

    private static String describe(List<UnreadableImageException> unreadable) {
        List<UnreadableImageException> others = unreadable.subList(1, unreadable.size());
        String more = others.isEmpty() ? "" : "; so are " + others.size() + " others: " + others.stream()
                .limit(NAMED_AT_MOST).map(e -> e.file().getFileName().toString()).collect(Collectors.joining(", "))
                + (others.size() > NAMED_AT_MOST ? ", …" : "");
        return unreadable.getFirst().getMessage() + more + "; or take the rows out of the label file";
    }

    private Segment read(Path file) throws UnreadableImageException {
        GrayImage image = ImageFiles.read(file);
        return Segment.of(image.toUnitFloats(), image.height(), image.width()).within(longestSide);
    }
}
