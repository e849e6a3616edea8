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

/** Which way was the fastest for a convolution or a product, on disk: a line of text for each. */
final class AlgorithmCache {

    private static final Logger LOG = System.getLogger("osteon.cuda");

    private final Path file;
    private final Map<String, Choice> known = new TreeMap<>();

    /**
     * @param position among the {@link FastestPlan.Candidate}s
     * @param engine   its number, by which a list that has changed shows
     */
    record Choice(int position, long engine) {}

    private AlgorithmCache(Path file) {
        this.file = file;
    }

    /** The choices made on a device with one version of cuDNN. */
    static AlgorithmCache open(String machine) {
        AlgorithmCache cache = new AlgorithmCache(CacheFolder.path().resolve(machine.replaceAll("[^A-Za-z0-9.]+", "-")
                + ".plans"));
        cache.read();
        return cache;
    }

    private void read() {
        try {
            if (Files.exists(file)) {
                for (String line : Files.readAllLines(file, StandardCharsets.UTF_8)) {
                    String[] parts = line.split("\t");
                    known.put(parts[0], new Choice(Integer.parseInt(parts[1]), Long.parseLong(parts[2])));
                }
            }
        } catch (IOException | NumberFormatException | ArrayIndexOutOfBoundsException e) {
            known.clear();
            LOG.log(Level.WARNING, "engines are chosen anew: cannot read " + file + ": " + e.getMessage());
        }
    }

    Optional<Choice> find(String shape) {
        return Optional.ofNullable(known.get(shape));
    }

    void put(String shape, Choice choice) {
        known.put(shape, choice);
        StringBuilder text = new StringBuilder();
        known.forEach((key, value) -> text.append(String.join("\t", key, value.position + "", value.engine + ""))
                .append('\n'));
        try {
            CacheFolder.write(file, text.toString().getBytes(StandardCharsets.UTF_8));
        } catch (IOException e) {
            LOG.log(Level.WARNING, "cannot keep chosen engines in " + file + ": " + e.getMessage());
        }
    }
}
