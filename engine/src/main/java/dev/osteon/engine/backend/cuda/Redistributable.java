package dev.osteon.engine.backend.cuda;

import dev.osteon.engine.EngineException;
import java.io.IOException;
import java.io.InputStream;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.List;
import java.util.Optional;
import java.util.Properties;
import java.util.stream.Stream;

/**
 * NVIDIA's libraries in a jar on the class path, as the Maven profile {@code cuda-redist} puts it there: those that the
 * backend needs are unpacked once into the cache folder.
 *
 * @param version the jar's
 */
record Redistributable(String version) {

    private static final Logger LOG = System.getLogger("osteon.cuda");
    private static final String PROPERTIES = "/META-INF/maven/org.bytedeco/cuda/pom.properties";
    private static final String FOLDER = "/org/bytedeco/cuda/linux-x86_64/";
    /** Of those in the jar; cuDNN looks for its parts in its own folder. */
    private static final List<String> LIBRARIES = List.of("libcublasLt.so.12", "libcublas.so.12",
            "libnvrtc-builtins.so.12.6", "libnvrtc.so.12", "libcudnn_graph.so.9", "libcudnn_ops.so.9",
            "libcudnn_cnn.so.9", "libcudnn_adv.so.9", "libcudnn_heuristic.so.9",
            "libcudnn_engines_runtime_compiled.so.9", "libcudnn_engines_precompiled.so.9", "libcudnn.so.9",
            "libnvToolsExt.so.1");
    /** The one without which the jar is another. */
    private static final String CUBLAS = FOLDER + "libcublas.so.12";

    /** The jar, if it is on the class path. */
    static Optional<Redistributable> onClassPath() {
        if (Redistributable.class.getResource(CUBLAS) == null) {
            return Optional.empty();
        }
        try (InputStream in = Redistributable.class.getResourceAsStream(PROPERTIES)) {
            Properties properties = new Properties();
            if (in != null) {
                properties.load(in);
            }
            return Optional.of(new Redistributable(properties.getProperty("version", "unknown")));
        } catch (IOException e) {
            throw new EngineException("the jar with NVIDIA's libraries cannot be read: " + e.getMessage(), e);
        }
    }

    /**
     * A folder with the libraries.
     *
     * @throws EngineException when they cannot be unpacked
     */
    Path unpack() {
        Path folder = CacheFolder.path().resolve("redist-" + version);
        if (Files.isDirectory(folder)) {
            return folder;
        }
        LOG.log(Level.INFO, "unpacking NVIDIA's libraries to " + folder + ", once");
        try {
            Files.createDirectories(folder.getParent());
            Path partial = Files.createTempDirectory(folder.getParent(), "redist");
            try {
                for (String library : LIBRARIES) {
                    copy(library, partial.resolve(library));
                }
                Files.move(partial, folder, StandardCopyOption.ATOMIC_MOVE);
            } finally {
                delete(partial);
            }
        } catch (IOException e) {
            if (!Files.isDirectory(folder)) {             // or another process was faster
                throw new EngineException("NVIDIA's libraries could not be unpacked to " + folder + ": "
                        + e.getMessage() + "; 1.5 GB are needed there; -Dosteon.cuda.cache names another folder", e);
            }
        }
        return folder;
    }

    private static void copy(String library, Path to) throws IOException {
        try (InputStream in = Redistributable.class.getResourceAsStream(FOLDER + library)) {
            if (in != null) {                             // what is missed is told by the search
                Files.copy(in, to);
            }
        }
    }

    private static void delete(Path folder) throws IOException {
        if (Files.isDirectory(folder)) {
            try (Stream<Path> files = Files.list(folder)) {
                for (Path file : files.toList()) {
                    Files.delete(file);
                }
            }
            Files.delete(folder);
        }
    }
}
