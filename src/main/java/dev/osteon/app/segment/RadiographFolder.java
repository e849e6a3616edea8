package dev.osteon.app.segment;

import dev.osteon.app.FileProblem;
import dev.osteon.app.UserError;
import dev.osteon.app.image.GrayImage;
import dev.osteon.app.image.ImageFiles;
import dev.osteon.app.image.Radiograph;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;

/**
 * The radiographs in a folder and its subfolders.
 *
 * @param images by the name that results have ({@link OutputNames}), in order
 */
public record RadiographFolder(Path folder, Map<String, Path> images) {

    private static final Pattern IMAGE = Pattern.compile(".*\\.(png|jpe?g|tiff?|dcm)", Pattern.CASE_INSENSITIVE);

    /**
     * Looks for files of the known kinds.
     *
     * @param except where results go: the pictures among them are left out
     * @throws UserError when there is none
     */
    public static RadiographFolder of(Path folder, Path except) throws IOException {
        if (!Files.isDirectory(folder)) {
            throw new UserError("--images: given " + folder + ", which is no folder; expected one with radiographs");
        }
        List<Path> files;
        Path results = real(except);
        Path root = folder.toRealPath();   // a link to a folder would not be walked
        try (Stream<Path> all = Files.walk(root)) {
            files = all.filter(Files::isRegularFile).filter(f -> IMAGE.matcher(f.getFileName().toString()).matches())
                    .filter(f -> !SegmentFolder.holdsPicture(results, f))
                    .map(f -> folder.resolve(root.relativize(f))).sorted().toList();
        } catch (UncheckedIOException e) {
            throw new UserError("--images: " + FileProblem.describe(e.getCause()), e);
        }
        if (files.isEmpty()) {
            throw new UserError("--images: no radiograph in " + folder
                    + "; expected files ending in png, jpg, tif or dcm");
        }
        Map<String, Path> byPath = new LinkedHashMap<>();
        files.forEach(file -> byPath.put(below(folder, file), file));
        Map<String, Path> images = new LinkedHashMap<>();
        OutputNames.of(byPath.keySet()).forEach((path, name) -> images.put(name, byPath.get(path)));
        return new RadiographFolder(folder, images);
    }

    private static Path real(Path path) throws IOException {
        return Files.exists(path) ? path.toRealPath() : path.toAbsolutePath().normalize();
    }

    /** A path with slashes; a name may hold a backslash where that is not the separator. */
    private static String below(Path folder, Path file) {
        return StreamSupport.stream(folder.relativize(file).spliterator(), false).map(Path::toString)
                .collect(Collectors.joining("/"));
    }

    /**
     * A radiograph with bright bone, inverted if need be; a DICOM file says itself which way it is.
     *
     * @throws dev.osteon.app.image.UnreadableImageException when it cannot be decoded
     */
    public static GrayImage read(Path file) throws IOException {
        Radiograph read = ImageFiles.radiograph(file, Optional.empty());
        return read.source() instanceof Radiograph.Dicom ? read.image() : Polarity.boneBright(read.image());
    }

    /** A file's path below the folder, as prompts files name it. */
    public String relative(Path file) {
        return below(folder, file);
    }

    /**
     * Whose they are, by the files' paths below the folder, in order.
     *
     * @param pattern finds the subject in a file's name without its ending, or, when it has a slash, in the path: the
     *                first group, else the whole match
     */
    public Map<String, String> subjects(Pattern pattern) {
        Subjects subjects = new Subjects(pattern, paths());
        Map<String, String> byPath = new LinkedHashMap<>();
        paths().forEach(path -> byPath.put(path, subjects.of(path)));
        return byPath;
    }

    /** All files' paths below the folder, in order. */
    List<String> paths() {
        return images.values().stream().map(this::relative).toList();
    }
}
