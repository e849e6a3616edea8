package dev.osteon.app.data;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Collections;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * The samples of a task, in the order of the label file.
 *
 * @param task what the labels mean
 * @param samples of both classes
 * @param leftOut how many rows were left out, by reason; empty if none was
 * @param notes other things a reader of the results should know, each with the number of rows it is about
 */
public record Samples(Task task, List<Sample> samples, Map<String, Integer> leftOut, Map<String, Integer> notes) {
    /** Copies its collections. */
    public Samples {
        samples = List.copyOf(samples);
        leftOut = Collections.unmodifiableMap(new LinkedHashMap<>(leftOut));
        notes = Collections.unmodifiableMap(new LinkedHashMap<>(notes));
    }

    /** Number of samples of a class. */
    public int count(int label) {
        return (int) samples.stream().filter(sample -> sample.label() == label).count();
    }

    /** Number of different subjects. */
    public int subjects() {
        return (int) samples.stream().map(Sample::subject).distinct().count();
    }

    /**
     * SHA-256 over each sample's file name, subject, label and file content, in order, as 64 hex digits: the same
     * wherever the data lies, another one if a label or a pixel differs.
     *
     * @throws IOException if a file cannot be read
     */
    public String dataHash() throws IOException {
        MessageDigest hash = sha256();
        byte[] buffer = new byte[1 << 16];
        for (Sample sample : samples) {
            String row = sample.file().getFileName() + "\0" + sample.subject() + "\0" + sample.label() + "\0"
                    + Files.size(sample.file()) + "\0";
            hash.update(row.getBytes(StandardCharsets.UTF_8));
            try (InputStream content = Files.newInputStream(sample.file())) {
                for (int n = content.read(buffer); n >= 0; n = content.read(buffer)) {
                    hash.update(buffer, 0, n);
                }
            }
        }
        return HexFormat.of().formatHex(hash.digest());
    }

    private static MessageDigest sha256() {
        try {
            return MessageDigest.getInstance("SHA-256");
        } catch (NoSuchAlgorithmException e) {
            throw new UncheckedIOException(new IOException("every Java platform has SHA-256", e));
        }
    }
}
