package dev.osteon.app.run;

import dev.osteon.app.UserError;
import dev.osteon.app.data.Sample;
import dev.osteon.app.image.GrayImage;
import dev.osteon.app.image.ImageFiles;
import dev.osteon.ssl.data.Segment;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;

/** Reads the pictures of a data set into segments, reduced to a longest side. */
final class SegmentLoader {

    private final int longestSide;

    SegmentLoader(int longestSide) {
        this.longestSide = longestSide;
    }

    List<Segment> load(List<Sample> samples, Progress progress) {
        progress.begin("reading");
        int[] done = {0};
        return samples.stream().map(sample -> {
            Segment segment = read(sample.file());
            progress.update(++done[0], samples.size(), "images", "");
            return segment;
        }).toList();
    }

    private Segment read(Path file) {
        try {
            GrayImage image = ImageFiles.read(file);
            return Segment.of(image.toUnitFloats(), image.height(), image.width()).within(longestSide);
        } catch (IOException e) {
            throw new UserError(e.getMessage(), e);
        }
    }
}
