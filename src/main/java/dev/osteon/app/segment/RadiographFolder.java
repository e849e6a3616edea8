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
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * The radiographs in a folder and its subfolders.
 *
 * @param images by a name of their own, in order: the file's without its ending, or with folder and ending if others
 *               share it
 */
public record RadiographFolder(Path folder, Map<String, Path> images) {

    private static final Pattern IMAGE = Pattern.compile(".*\\.(png|jpe?g|tiff?|dcm)", Pattern.CASE_INSENSITIVE);

    /**
     * Looks for files of the known kinds.
     *
     * @param except a folder that is left out: where results go
     * @throws UserError when there is none
     */
    public static RadiographFolder of(Path folder, Path except) throws IOException {
        if (!Files.isDirectory(folder)) {
            throw new UserError("--images: given " + folder + ", which is no folder; expected one with radiographs");
        }
        List<Path> files;
        try (Stream<Path> all = Files.walk(folder)) {
            files = all.filter(Files::isRegularFile).filter(f -> IMAGE.matcher(f.getFileName().toString()).matches())
                    .filter(f -> !f.toAbsolutePath().startsWith(except.toAbsolutePath())).sorted().toList();
        } catch (UncheckedIOException e) {
            throw new UserError("--images: " + FileProblem.describe(e.getCause()), e);
        }
        if (files.isEmpty()) {
            throw new UserError("--images: no radiograph in " + folder
                    + "; expected files ending in png, jpg, tif or dcm");
        }
        Map<String, Integer> shared = new HashMap<>();
        files.forEach(f -> shared.merge(stem(f).toLowerCase(Locale.ROOT), 1, Integer::sum));
        Map<String, Path> images = new LinkedHashMap<>();
        for (Path file : files) {
            images.put(shared.get(stem(file).toLowerCase(Locale.ROOT)) == 1 ? stem(file)
                    : folder.relativize(file).toString().replaceAll("[/\\\\]", "_"), file);
        }
        return new RadiographFolder(folder, images);
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
        return folder.relativize(file).toString().replace('\\', '/');
    }

    /** A file's name without its ending. */
    static String stem(Path file) {
        return file.getFileName().toString().replaceFirst("\\.[^.]*$", "");
    }
}
