package dev.osteon.engine.backend.cuda;

import java.io.File;
import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;

/**
 * Where NVIDIA's libraries may lie, in this order: {@code -Dosteon.cuda.libraries} and the environment's
 * OSTEON_CUDA_LIBRARIES (folders, separated as in a path), LD_LIBRARY_PATH, CUDA_PATH and CUDA_HOME, the system's
 * folders (and where containers mount the driver), and those of Python's packages ({@code nvidia/…/lib}), where PyTorch
 * brings them: of the active environment, the user, the system, and the python3 on the PATH.
 *
 * @param folders those that exist
 */
public record LibrarySearch(List<Path> folders) {

    /** On this machine, with this process's properties and environment. */
    public static LibrarySearch here() {
        Set<Path> folders = new LinkedHashSet<>();
        Stream.of(System.getProperty("osteon.cuda.libraries"), System.getenv("OSTEON_CUDA_LIBRARIES"),
                        System.getenv("LD_LIBRARY_PATH"))
                .filter(Objects::nonNull).flatMap(list -> Stream.of(list.split(File.pathSeparator)))
                .filter(folder -> !folder.isBlank()).map(Path::of).forEach(folders::add);
        Stream.of(System.getenv("CUDA_PATH"), System.getenv("CUDA_HOME"), "/usr/local/cuda").filter(Objects::nonNull)
                .flatMap(home -> Stream.of(Path.of(home, "lib64"), Path.of(home, "lib"))).forEach(folders::add);
        Stream.of("/usr/lib/x86_64-linux-gnu", "/usr/lib64", "/usr/lib", "/usr/lib/wsl/lib",
                "/usr/local/nvidia/lib64", "/usr/local/nvidia/lib").map(Path::of)
                .forEach(folders::add);
        Stream.of(System.getenv("VIRTUAL_ENV"), System.getenv("CONDA_PREFIX"),
                        System.getProperty("user.home") + "/.local", "/usr/local", "/usr")
                .filter(Objects::nonNull).forEach(prefix -> folders.addAll(ofPython(Path.of(prefix, "lib"))));
        onPath("python3").forEach(python -> folders.addAll(ofPython(python.resolveSibling("../lib").normalize())));
        return new LibrarySearch(folders.stream().filter(Files::isDirectory).toList());
    }

    /** The same, with another folder before all. */
    LibrarySearch behind(Path folder) {
        return new LibrarySearch(Stream.concat(Stream.of(folder), folders.stream()).toList());
    }

    /** Programs of that name, as the PATH has them: a virtual environment's python3 is a link that leads out of it. */
    private static List<Path> onPath(String program) {
        return Stream.of(Objects.requireNonNullElse(System.getenv("PATH"), "").split(File.pathSeparator))
                .filter(folder -> !folder.isBlank()).map(folder -> Path.of(folder, program)).filter(Files::exists)
                .toList();
    }

    private static List<Path> ofPython(Path lib) {
        List<Path> found = new ArrayList<>();
        for (Path python : matches(lib, "python3*")) {
            for (Path packages : List.of(python.resolve("site-packages"), python.resolve("dist-packages"))) {
                matches(packages.resolve("nvidia"), "*").forEach(p -> found.add(p.resolve("lib")));
            }
        }
        return found;
    }

    /** The file whose name fits {@code glob}, of several in a folder the one that is last by name. */
    public Optional<Path> find(String glob) {
        return folders.stream().flatMap(folder -> matches(folder, glob).stream().max(Path::compareTo).stream())
                .findFirst();
    }

    /** The file in {@code folder} whose name fits {@code glob}. */
    static Optional<Path> find(Path folder, String glob) {
        return matches(folder, glob).stream().max(Path::compareTo);
    }

    private static List<Path> matches(Path folder, String glob) {
        List<Path> found = new ArrayList<>();
        if (Files.isDirectory(folder)) {
            try (DirectoryStream<Path> entries = Files.newDirectoryStream(folder, glob)) {
                entries.forEach(found::add);
            } catch (IOException ignored) {
                return List.of();        // a folder that cannot be read holds nothing for us
            }
        }
        return found;
    }
}
