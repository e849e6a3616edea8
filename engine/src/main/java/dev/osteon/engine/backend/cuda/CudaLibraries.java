package dev.osteon.engine.backend.cuda;

import dev.osteon.engine.EngineException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * NVIDIA's libraries, found and loaded by their full paths in the order of their dependencies, and JCuda's natives on
 * top of them. Once in a process: JCuda's classes hold on to what they were linked with.
 *
 * @param loaded what was found where
 */
@SuppressWarnings("restricted")
record CudaLibraries(List<Found> loaded) {

    /** JCuda's natives, in the order in which they are linked, and the library of CUDA each needs. */
    private static final String VERSION = "12.6.0-linux-x86_64";
    private static final List<String> CLASSES = List.of("jcuda.driver.JCudaDriver", "jcuda.nvrtc.JNvrtc",
            "jcuda.runtime.JCuda", "jcuda.jcublas.JCublas2", "jcuda.jcudnn.JCudnn");
    private static final int JCUDAS_MAJOR = 12;

    private static volatile Outcome outcome;

    private record Outcome(Optional<CudaLibraries> libraries, String why) {}

    /** A library of NVIDIA's: its name, major version and file. */
    record Found(String name, int major, Path path) {

        @Override
        public String toString() {
            return name + " " + major + " (" + path + ")";
        }
    }

    /**
     * The libraries of this process.
     *
     * @throws EngineException with one line saying what is missing
     */
    static synchronized CudaLibraries load() {
        if (outcome == null) {
            try {
                outcome = new Outcome(Optional.of(search()), "");
            } catch (EngineException e) {
                outcome = new Outcome(Optional.empty(), e.getMessage());
            }
        }
        return outcome.libraries.orElseThrow(() -> new EngineException(outcome.why));
    }

    private static CudaLibraries search() {
        String system = System.getProperty("os.name") + " " + System.getProperty("os.arch");
        if (!system.toLowerCase(Locale.ROOT).matches("linux (amd64|x86_64)")) {
            throw new EngineException("the CUDA backend needs Linux on x86-64, and this is " + system);
        }
        LibrarySearch search = places();
        List<Found> found = new ArrayList<>();
        found.add(one(search, "driver", 1, List.of("libcuda.so.1"),
                "no NVIDIA driver (libcuda.so.1) was found on this machine"));
        Found cublas = versioned(search, "cuBLAS", "libcublasLt.so.%d", "libcublas.so.%d");
        Found nvrtc = versioned(search, "NVRTC", "libnvrtc-builtins.so.%d*", "libnvrtc.so.%d");
        found.add(cublas);
        found.add(nvrtc);
        found.add(one(search, "cuDNN", 9, List.of("libcudnn.so.9"), missing("cuDNN 9 (libcudnn.so.9)")));
        try {
            linkJCuda(cublas.major, nvrtc.major);
        } catch (IOException e) {
            throw new EngineException("JCuda's natives could not be unpacked: " + e.getMessage(), e);
        }
        return new CudaLibraries(List.copyOf(found));
    }

    /** What the machine has; if that is not all, what is on the class path before it, so that all is of one kind. */
    private static LibrarySearch places() {
        LibrarySearch here = LibrarySearch.here();
        boolean complete = Stream.of("libcublas.so.1[23]", "libnvrtc.so.1[23]", "libcudnn.so.9")
                .allMatch(library -> here.find(library).isPresent());
        return complete ? here : Redistributable.onClassPath().map(jar -> here.behind(jar.unpack())).orElse(here);
    }

    private static String missing(String what) {
        return what + " was not found; install CUDA 12 or 13 with cuDNN 9, or name the folders by "
                + "-Dosteon.cuda.libraries, or build with -Pcuda-redist (docs/gpu.md)";
    }

    private static Found one(LibrarySearch search, String name, int major, List<String> globs, String otherwise) {
        Path file = search.find(globs.getLast()).orElseThrow(() -> new EngineException(otherwise));
        return load(name, major, file, globs);
    }

    /** CUDA 12's library or else CUDA 13's, whichever a folder has first. */
    private static Found versioned(LibrarySearch search, String name, String companion, String library) {
        for (Path folder : search.folders()) {
            for (int major : new int[] {JCUDAS_MAJOR, JCUDAS_MAJOR + 1}) {
                Optional<Path> file = LibrarySearch.find(folder, String.format(library, major));
                if (file.isPresent()) {
                    return load(name, major, file.get(), List.of(String.format(companion, major),
                            String.format(library, major)));
                }
            }
        }
        throw new EngineException(missing(name + " (" + String.format(library, 12) + " or .so.13)"));
    }

    /** Loads the files of one folder; all but the last may be absent. */
    private static Found load(String name, int major, Path file, List<String> globs) {
        try {
            for (String glob : globs) {
                Optional<Path> part = LibrarySearch.find(file.getParent(), glob);
                if (part.isPresent()) {
                    System.load(part.get().toRealPath().toString());
                }
            }
        } catch (IOException | UnsatisfiedLinkError e) {
            throw new EngineException(name + " could not be loaded: " + firstLine(e), e);
        }
        return new Found(name, major, file);
    }

    /**
     * JCuda unpacks its natives into {@code java.io.tmpdir} and takes whatever lies there under their names; so they
     * are put into a folder of this process's own, and that is the temporary folder while the classes initialise.
     */
    private static void linkJCuda(int cublas, int nvrtc) throws IOException {
        Path folder = Files.createTempDirectory("osteon-jcuda",
                PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
        String before = System.getProperty("java.io.tmpdir");
        try {
            place(folder, "JCudaDriver", "", 0);
            place(folder, "JCudaRuntime", "", 0);
            place(folder, "JNvrtc", "libnvrtc.so.", nvrtc);
            place(folder, "JCublas2", "libcublas.so.", cublas);
            place(folder, "JCudnn", "", 0);
            System.setProperty("java.io.tmpdir", folder.toString());
            for (String name : CLASSES) {
                Class.forName(name);
            }
        } catch (ClassNotFoundException | LinkageError e) {
            throw new EngineException("JCuda could not be linked: " + firstLine(e), e);
        } finally {
            System.setProperty("java.io.tmpdir", before);
            delete(folder);                  // what is loaded stays loaded
        }
    }

    private static void place(Path folder, String library, String needed, int major) throws IOException {
        String name = "lib" + library + "-" + VERSION + ".so";
        try (InputStream in = CudaLibraries.class.getResourceAsStream("/lib/" + name)) {
            if (in == null) {
                throw new IOException(name + " is not on the class path");
            }
            byte[] content = in.readAllBytes();
            if (major > JCUDAS_MAJOR) {
                ElfRetarget.retarget(content, needed + JCUDAS_MAJOR, needed + major);
            }
            Files.write(folder.resolve(name), content);
        }
    }

    private static void delete(Path folder) throws IOException {
        try (Stream<Path> files = Files.walk(folder)) {
            for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
                Files.delete(file);
            }
        }
    }

    /** The line of a message that says what is wrong; JCuda wraps the linker's in a page of advice. */
    private static String firstLine(Throwable e) {
        String message = String.valueOf(e.getMessage());
        return message.lines().filter(l -> l.contains("cannot open") || l.contains("undefined symbol"))
                .findFirst().orElse(message.lines().findFirst().orElse(e.toString())).strip();
    }

    /** The libraries with versions and paths, for people. */
    String describe() {
        return loaded.stream().map(Found::toString).collect(Collectors.joining(", "));
    }
}
