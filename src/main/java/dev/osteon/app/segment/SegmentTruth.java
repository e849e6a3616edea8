package dev.osteon.app.segment;

import dev.osteon.app.UserError;
import dev.osteon.app.image.ImageFiles;
import dev.osteon.app.phantom.Bone;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.stream.Stream;

/** Masks of a folder against true ones of the same names. */
public final class SegmentTruth {

    private SegmentTruth() {}

    /**
     * One line for each bone, and the mean of all: a true mask that was not found counts as Dice 0.
     *
     * @throws UserError when the folder holds no true mask
     */
    public static List<String> compare(Path out, Path truth) throws IOException {
        List<String> lines = new ArrayList<>();
        double total = 0;
        int all = 0;
        for (Bone bone : Bone.values()) {
            List<Path> wanted;
            try (Stream<Path> files = Files.list(truth)) {
                wanted = files.filter(f -> f.getFileName().toString().endsWith("_" + bone.label() + ".png")).sorted()
                        .toList();
            }
            double sum = 0;
            double least = 1;
            for (Path file : wanted) {
                Path found = out.resolve("masks").resolve(file.getFileName());
                double dice = Files.exists(found)
                        ? Mask.of(ImageFiles.read(found)).dice(Mask.of(ImageFiles.read(file))) : 0;
                sum += dice;
                least = Math.min(least, dice);
            }
            if (!wanted.isEmpty()) {
                lines.add(String.format(Locale.ROOT, "%-7s Dice %.3f, least %.3f, of %d", bone.label(),
                        sum / wanted.size(), least, wanted.size()));
            }
            total += sum;
            all += wanted.size();
        }
        if (all == 0) {
            throw new UserError("--truth: no mask NAME_BONE.png in " + truth);
        }
        lines.add(String.format(Locale.ROOT, "mean    Dice %.3f of %d masks", total / all, all));
        return lines;
    }
}
