package dev.osteon.app.run;

import dev.osteon.app.UserError;
import dev.osteon.app.data.Sample;
import dev.osteon.app.image.GrayImage;
import dev.osteon.app.image.ImageFiles;
import dev.osteon.ssl.data.Segment;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.List;

/** Reads the pictures of a data set into segments, reduced to a longest side, and hashes what it read. */
final class SegmentLoader {

    private final int longestSide;
    private final MessageDigest digest;

    SegmentLoader(int longestSide) {
        this.longestSide = longestSide;
        try {
            digest = MessageDigest.getInstance("SHA-256");
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every Java has SHA-256", e);
        }
    }

    List<Segment> load(List<Sample> samples, Progress progress) {
        progress.begin("reading");
        int[] done = {0};
        return samples.stream().map(sample -> {
            Segment segment = read(sample.file());
            digest.update((byte) sample.label());
            progress.update(++done[0], samples.size(), "images", "");
            return segment;
        }).toList();
    }

    private Segment read(Path file) {
        try {
            digest.update(Files.readAllBytes(file));
            GrayImage image = ImageFiles.read(file);
            return Segment.of(image.toUnitFloats(), image.height(), image.width()).within(longestSide);
        } catch (IOException e) {
            throw new UserError(e.getMessage(), e);
        }
    }

    /** SHA-256 over the files and labels read so far. */
    String hash() {
        return HexFormat.of().formatHex(digest.digest());
    }
}
