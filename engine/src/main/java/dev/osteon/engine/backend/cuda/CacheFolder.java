package dev.osteon.engine.backend.cuda;

import dev.osteon.engine.backend.UserCache;
import java.nio.file.Path;

/** Where compiled kernels and chosen algorithms are kept between runs. */
final class CacheFolder {

    private CacheFolder() {}

    /** {@code -Dosteon.cuda.cache}, otherwise {@code osteon/cuda} in the user's cache folder. */
    static Path path() {
        String given = System.getProperty("osteon.cuda.cache");
        return given != null ? Path.of(given) : UserCache.of("cuda");
    }
}
