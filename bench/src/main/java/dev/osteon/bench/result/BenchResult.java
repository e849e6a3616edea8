package dev.osteon.bench.result;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;
import dev.osteon.app.UserError;
import dev.osteon.app.profile.Peaks;
import dev.osteon.engine.io.AtomicFile;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * What {@code osteon bench} measured on a machine, as it is kept in a file.
 *
 * @param version of the format
 * @param machine processor, how many of them, Java's version
 * @param threads of every implementation
 * @param peaks   what the machine can do: the roofs that shares are of
 * @param cases   in the order of their first measurement
 */
public record BenchResult(int version, String machine, int threads, Peaks peaks, List<CaseResult> cases) {

    /** The format that this class reads and writes. */
    public static final int VERSION = 1;

    private static final ObjectMapper JSON = new ObjectMapper().enable(SerializationFeature.INDENT_OUTPUT)
            .disable(DeserializationFeature.FAIL_ON_UNKNOWN_PROPERTIES);

    /** With a case in the place of its earlier result, or behind all others. */
    public BenchResult with(CaseResult result) {
        List<CaseResult> all = new ArrayList<>(cases);
        all.replaceAll(earlier -> earlier.name().equals(result.name()) ? result : earlier);
        if (!all.contains(result)) {
            all.add(result);
        }
        return new BenchResult(version, machine, threads, peaks, all);
    }

    /** Writes the file, in place of an earlier one. */
    public void write(Path file) throws IOException {
        AtomicFile.write(file, JSON.writeValueAsString(this) + "\n");
    }

    /**
     * Reads a file.
     *
     * @throws UserError when it is none of {@code osteon bench}
     */
    public static BenchResult read(Path file) throws IOException {
        if (!Files.isRegularFile(file)) {
            throw new UserError("given " + file + ", which is no file; expected a result of osteon bench, as "
                    + "bench/results has them");
        }
        BenchResult result;
        try {
            result = JSON.readValue(file.toFile(), BenchResult.class);
        } catch (JsonProcessingException e) {
            throw new UserError("given " + file + ", which is no result of osteon bench: "
                    + e.getOriginalMessage().lines().findFirst().orElse("") + "; measure again", e);
        }
        if (result.version != VERSION || result.cases == null || result.machine == null) {
            throw new UserError("given " + file + ", a result of format " + result.version + "; expected format "
                    + VERSION + " of osteon bench; measure again");
        }
        return result;
    }
}
