package dev.osteon.app;

import dev.osteon.app.image.GrayImage;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;

/** SHA-256 of files, bytes and pictures, as 64 hex digits. */
public final class Hashes {

    private Hashes() {}

    private static MessageDigest sha256() {
        try {
            return MessageDigest.getInstance("SHA-256");
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every Java platform has SHA-256", e);
        }
    }

    /** Of a file's bytes. */
    public static String of(Path file) throws IOException {
        MessageDigest hash = sha256();
        byte[] buffer = new byte[1 << 16];
        try (InputStream in = Files.newInputStream(file)) {
            for (int n = in.read(buffer); n >= 0; n = in.read(buffer)) {
                hash.update(buffer, 0, n);
            }
        }
        return HexFormat.of().formatHex(hash.digest());
    }

    /** Of bytes. */
    public static String of(byte[] bytes) {
        return HexFormat.of().formatHex(sha256().digest(bytes));
    }

    /** Of an image's samples and size, and a text. */
    public static String of(GrayImage image, String text) {
        MessageDigest hash = sha256();
        hash.update((image + " " + text).getBytes(StandardCharsets.UTF_8));
        byte[] row = new byte[2 * image.width()];
        for (int y = 0; y < image.height(); y++) {
            for (int x = 0; x < image.width(); x++) {
                int sample = image.get(x, y);
                row[2 * x] = (byte) sample;
                row[2 * x + 1] = (byte) (sample >> 8);
            }
            hash.update(row);
        }
        return HexFormat.of().formatHex(hash.digest());
    }
}
