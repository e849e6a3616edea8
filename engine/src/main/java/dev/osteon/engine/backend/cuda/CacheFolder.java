package dev.osteon.engine.backend.cuda;

import dev.osteon.engine.backend.UserCache;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;

/** Where compiled kernels and chosen algorithms are kept between runs. */
final class CacheFolder {

    private CacheFolder() {}

    /** {@code -Dosteon.cuda.cache}, otherwise {@code osteon/cuda} in the user's cache folder. */
    static Path path() {
        String given = System.getProperty("osteon.cuda.cache");
        return given != null ? Path.of(given) : UserCache.of("cuda");
    }

    /** Writes a file under another name and renames it, so that a second process never reads half of one. */
    static void write(Path file, byte[] content) throws IOException {
        Files.createDirectories(file.getParent());
        Path partial = Files.createTempFile(file.getParent(), "partial", ".tmp");
        try {
            Files.write(partial, content);
            Files.move(partial, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
        } finally {
            Files.deleteIfExists(partial);
        }
    }
}
