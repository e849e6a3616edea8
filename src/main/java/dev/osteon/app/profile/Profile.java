package dev.osteon.app.profile;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;
import dev.osteon.app.UserError;
import dev.osteon.engine.io.AtomicFile;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;

/**
 * What was recorded of one command, added up.
 *
 * @param command  as it was given
 * @param facts    machine, device and versions
 * @param peaks    what the device can do
 * @param seconds  from the first recorded operation to the end of the last one
 * @param steps    steps of training that were recorded, 0 when the command has none
 * @param rows     operations, by what they did, on what, where
 * @param memory   bytes of live tensors on the device over time
 * @param holders  what held memory when the most of it was held, in bytes, the largest first
 */
public record Profile(String command, Map<String, String> facts, Peaks peaks, double seconds, int steps,
        List<Row> rows, List<MemoryPoint> memory, Map<String, Long> holders) {

    static final String FILE = "profile.json";
    private static final ObjectMapper JSON = new ObjectMapper().enable(SerializationFeature.INDENT_OUTPUT);

    /**
     * Operations alike.
     *
     * @param op      the operation's name
     * @param shapes  of its operands, with element types
     * @param phase   of the step: views, forward, loss, backward, optimizer; empty outside
     * @param module  the network's part by its full name; empty outside
     * @param count   how many there were
     * @param seconds all together
     * @param flops   all together, a multiply-add counted as two
     * @param bytes   all together, every operand read and every result written once
     */
    public record Row(String op, String shapes, String phase, String module, long count, double seconds, double flops,
            double bytes) {

        /** The element type of the first operand. */
        String dtype() {
            int end = shapes.indexOf('[');
            return end < 0 ? "" : shapes.substring(0, end);
        }
    }

    /** At a time in seconds, in a phase, so many bytes. */
    public record MemoryPoint(double at, String phase, long bytes) {}

    void write(Path folder) throws IOException {
        AtomicFile.write(folder.resolve(FILE), JSON.writeValueAsString(this) + "\n");
    }

    /**
     * Reads what {@code osteon profile} wrote.
     *
     * @param at a folder or its {@value #FILE}
     * @throws UserError when there is none
     */
    public static Profile read(Path at) throws IOException {
        Path file = Files.isDirectory(at) ? at.resolve(FILE) : at;
        if (!Files.isRegularFile(file)) {
            throw new UserError("--diff: given " + at + ", where no " + FILE + " is; expected a folder that osteon "
                    + "profile has written");
        }
        try {
            return JSON.readValue(file.toFile(), Profile.class);
        } catch (JsonProcessingException e) {
            throw new UserError("--diff: " + file + " is no profile: " + e.getOriginalMessage().lines().findFirst()
                    .orElse("") + "; record it again with osteon profile", e);
        }
    }

    /** Seconds in operations. */
    double busy() {
        return rows.stream().mapToDouble(Row::seconds).sum();
    }

    /** The most bytes of live tensors. */
    long peakMemory() {
        return memory.stream().mapToLong(MemoryPoint::bytes).max().orElse(0);
    }
}
