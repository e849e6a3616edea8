package dev.osteon.app.run;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;
import dev.osteon.app.UserError;
import dev.osteon.engine.io.AtomicFile;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.LocalDateTime;
import java.time.format.DateTimeFormatter;
import java.util.Map;
import java.util.stream.Stream;

/** A run's folder: files are whole whenever the run ends, and nothing of another run is overwritten. */
public record RunFolder(Path path) {

    private static final long LEAST_FREE = 200L << 20;
    private static final ObjectMapper JSON = new ObjectMapper().enable(SerializationFeature.INDENT_OUTPUT);

    /**
     * A new folder: the given one, which must be empty or not exist yet, or one named after the preset and the time.
     *
     * @throws UserError when it holds something, cannot be made, or the disk is nearly full
     */
    public static RunFolder create(String given, String preset) {
        Path path = given.isEmpty() ? fresh(preset) : Path.of(given);
        try {
            if (Files.exists(path)) {
                try (Stream<Path> files = Files.list(path)) {
                    if (files.findAny().isPresent()) {
                        throw new UserError("--out: given " + path + ", which is not empty; expected a new folder; "
                                + "give another, or remove it");
                    }
                }
            }
            Files.createDirectories(path);
            long free = Files.getFileStore(path).getUsableSpace();
            if (free < LEAST_FREE) {
                throw new UserError("--out: " + path + " has " + (free >> 20) + " MiB free; expected at least "
                        + (LEAST_FREE >> 20) + " MiB; free some space or choose another disk");
            }
            return new RunFolder(path.toAbsolutePath().normalize());
        } catch (IOException e) {
            throw new UserError("--out: " + path + " cannot be written to (" + e.getMessage()
                    + "); choose a folder of yours", e);
        }
    }

    private static Path fresh(String preset) {
        String stem = preset + "-" + LocalDateTime.now().format(DateTimeFormatter.ofPattern("yyyyMMdd-HHmmss"));
        Path path = Path.of("runs", stem);
        for (int i = 2; Files.exists(path); i++) {
            path = Path.of("runs", stem + "-" + i);
        }
        return path;
    }

    public Path resolve(String name) {
        return path.resolve(name);
    }

    public void writeText(String name, String text) throws IOException {
        AtomicFile.write(resolve(name), text);
    }

    public void writeJson(String name, Object value) throws IOException {
        try {
            writeText(name, JSON.writeValueAsString(value) + "\n");
        } catch (JsonProcessingException e) {
            throw new IllegalStateException("not JSON: " + value, e);
        }
    }

    /** Where the run stands: running, interrupted, failed or finished. */
    public void status(String state, String detail) throws IOException {
        writeJson("status.json", Map.of("state", state, "detail", detail));
    }

    /** Adds lines to a file and leaves them on disk: what was reached before a crash stays. */
    public void append(String name, String lines) throws IOException {
        Files.writeString(resolve(name), lines, StandardCharsets.UTF_8, StandardOpenOption.CREATE,
                StandardOpenOption.APPEND);
    }
}
