package dev.osteon.engine.backend.cuda;

import java.nio.file.Path;

/** Where compiled kernels and chosen algorithms are kept between runs. */
final class CacheFolder {

    private CacheFolder() {}

    /** {@code -Dosteon.cuda.cache}, otherwise {@code osteon/cuda} in the user's cache folder. */
    static Path path() {
        String given = System.getProperty("osteon.cuda.cache");
        if (given != null) {
            return Path.of(given);
        }
        String cache = System.getenv("XDG_CACHE_HOME");
        Path home = cache == null || cache.isBlank() ? Path.of(System.getProperty("user.home"), ".cache")
                : Path.of(cache);
        return home.resolve("osteon").resolve("cuda");
    }
}
