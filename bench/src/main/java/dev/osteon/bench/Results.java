package dev.osteon.bench;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;
import dev.osteon.engine.io.AtomicFile;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Map;

/** Result files: JSON for people and programs. */
public final class Results {

    private Results() {}

    /** Writes a result, and prints it. */
    public static void write(Map<String, Object> result, Path file) throws IOException {
        System.out.print(json(result));
        save(result, file);
    }

    /** Writes a result, in place of an earlier one. */
    public static void save(Map<String, Object> result, Path file) throws IOException {
        AtomicFile.write(file, json(result));
    }

    private static String json(Map<String, Object> result) throws IOException {
        return new ObjectMapper().enable(SerializationFeature.INDENT_OUTPUT).writeValueAsString(result) + "\n";
    }
}
