package dev.osteon.app.data;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * Finds the images that a label file names: relative to its folder, or, where the name has no folder part and no such
 * file lies there, in the one subfolder that has it.
 *
 * @param folder the label file's folder
 * @param subfolders its direct subfolders, sorted
 */
record ImageLocator(Path folder, List<Path> subfolders) {
    static ImageLocator of(Path folder) throws IOException {
        try (Stream<Path> entries = Files.list(folder)) {
            return new ImageLocator(folder, entries.filter(Files::isDirectory).sorted().toList());
        }
    }

    /** The file; empty if there is none, or if several subfolders have one of that name. */
    Optional<Path> find(String name) {
        try {
            Path direct = folder.resolve(name.replace('\\', '/')).normalize();
            if (Files.isRegularFile(direct)) {
                return Optional.of(direct);
            }
            if (Path.of(name).getNameCount() != 1) {
                return Optional.empty();
            }
            List<Path> found = new ArrayList<>();
            for (Path subfolder : subfolders) {
                if (Files.isRegularFile(subfolder.resolve(name))) {
                    found.add(subfolder.resolve(name));
                }
            }
            return found.size() == 1 ? Optional.of(found.getFirst()) : Optional.empty();
        } catch (InvalidPathException e) {
            return Optional.empty();
        }
    }
}
