package dev.osteon.app.segment;

import dev.osteon.app.UserError;
import dev.osteon.app.image.ImageFiles;
import dev.osteon.app.phantom.Bone;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Stream;

/** True masks, which found ones of the same names are compared with. */
public final class SegmentTruth {

    private final Path folder;
    private final Map<Bone, List<String>> names;

    private SegmentTruth(Path folder, Map<Bone, List<String>> names) {
        this.folder = folder;
        this.names = names;
    }

    /**
     * The masks {@code NAME_BONE.png} in a folder.
     *
     * @throws UserError when it holds none
     */
    public static SegmentTruth in(Path folder) throws IOException {
        Map<Bone, List<String>> names = new EnumMap<>(Bone.class);
        for (Bone bone : Bone.values()) {
            names.put(bone, masks(folder, bone));
        }
        if (names.values().stream().allMatch(List::isEmpty)) {
            throw new UserError("--truth: no mask NAME_BONE.png in " + folder);
        }
        return new SegmentTruth(folder, names);
    }

    private static List<String> masks(Path folder, Bone bone) throws IOException {
        if (!Files.isDirectory(folder)) {
            throw new UserError("--truth: given " + folder + ", which is no folder; expected one with masks "
                    + "NAME_BONE.png");
        }
        try (Stream<Path> files = Files.list(folder)) {
            return files.map(f -> f.getFileName().toString()).filter(name -> name.endsWith(ending(bone))).sorted()
                    .toList();
        }
    }

    private static String ending(Bone bone) {
        return "_" + bone.label() + ".png";
    }

    /**
     * One line for each bone, and the mean of all: a true mask that was not found counts as Dice 0. Masks of bones
     * that an image has not, as the truth of its others tells, are counted beside.
     *
     * @param out a folder that {@link Segmentation} filled
     * @throws UserError when a mask and its true one differ in size
     */
    public List<String> compare(Path out) throws IOException {
        Path masks = out.resolve("masks");
        List<String> lines = new ArrayList<>();
        double total = 0;
        int all = 0;
        for (Bone bone : Bone.values()) {
            double sum = 0;
            double least = 1;
            for (String name : names.get(bone)) {
                double dice = dice(masks.resolve(name), folder.resolve(name));
                sum += dice;
                least = Math.min(least, dice);
            }
            int count = names.get(bone).size();
            if (count > 0) {
                lines.add(String.format(Locale.ROOT, "%-7s Dice %.3f, least %.3f, of %d", bone.label(), sum / count,
                        least, count));
            }
            total += sum;
            all += count;
        }
        lines.add(String.format(Locale.ROOT, "mean    Dice %.3f of %d masks", total / all, all));
        int beside = beside(masks);
        if (beside > 0) {
            lines.add(beside + " masks of bones that are not there");
        }
        return lines;
    }

    private static double dice(Path found, Path wanted) throws IOException {
        if (!Files.exists(found)) {
            return 0;
        }
        Mask mask = Mask.of(ImageFiles.read(found));
        Mask truth = Mask.of(ImageFiles.read(wanted));
        if (mask.width() != truth.width() || mask.height() != truth.height()) {
            throw new UserError("--truth: " + wanted + ": given " + truth.width() + " × " + truth.height()
                    + " pixels; expected " + mask.width() + " × " + mask.height() + " as of the radiograph");
        }
        return mask.dice(truth);
    }

    private int beside(Path masks) {
        Set<String> images = new TreeSet<>();
        names.forEach((bone, files) -> files.forEach(file ->
                images.add(file.substring(0, file.length() - ending(bone).length()))));
        int beside = 0;
        for (Bone bone : Bone.values()) {
            beside += (int) images.stream().map(image -> image + ending(bone)).filter(file ->
                    !names.get(bone).contains(file) && Files.exists(masks.resolve(file))).count();
        }
        return beside;
    }
}
