package dev.osteon.engine.backend.cuda;

import java.io.IOException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/** Which of cuDNN's algorithms was the fastest for a convolution, on disk: a line of text for each. */
final class AlgorithmCache {

    private static final Logger LOG = System.getLogger("osteon.cuda");

    private final Path file;
    private final Map<String, Algorithm> known = new TreeMap<>();

    /** cuDNN's number for it, the kind of arithmetic, and the bytes of device memory that it needs for itself. */
    record Algorithm(int id, int mathType, long workspace) {}

    private AlgorithmCache(Path file) {
        this.file = file;
    }

    /** The choices made on a device with one version of cuDNN. */
    static AlgorithmCache open(String machine) {
        AlgorithmCache cache = new AlgorithmCache(CacheFolder.path().resolve(machine.replaceAll("[^A-Za-z0-9.]+", "-")
                + ".algorithms"));
        cache.read();
        return cache;
    }

    private void read() {
        try {
            if (Files.exists(file)) {
                for (String line : Files.readAllLines(file, StandardCharsets.UTF_8)) {
                    String[] parts = line.split("\t");
                    known.put(parts[0], new Algorithm(Integer.parseInt(parts[1]), Integer.parseInt(parts[2]),
                            Long.parseLong(parts[3])));
                }
            }
        } catch (IOException | NumberFormatException | ArrayIndexOutOfBoundsException e) {
            known.clear();
            LOG.log(Level.WARNING, "algorithms are chosen anew: cannot read " + file + ": " + e.getMessage());
        }
    }

    Optional<Algorithm> find(String shape) {
        return Optional.ofNullable(known.get(shape));
    }

    void put(String shape, Algorithm algorithm) {
        known.put(shape, algorithm);
        StringBuilder text = new StringBuilder();
        known.forEach((key, value) -> text.append(String.join("\t", key, value.id + "", value.mathType + "",
                value.workspace + "")).append('\n'));
        try {
            CacheFolder.write(file, text.toString().getBytes(StandardCharsets.UTF_8));
        } catch (IOException e) {
            LOG.log(Level.WARNING, "cannot keep chosen algorithms in " + file + ": " + e.getMessage());
        }
    }
}
