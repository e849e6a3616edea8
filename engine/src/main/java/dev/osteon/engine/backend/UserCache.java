package dev.osteon.engine.backend;

import java.nio.file.Path;

/** What can be made or fetched again, kept between runs: {@code osteon} in the user's cache folder. */
public final class UserCache {

    private UserCache() {}

    /** A folder or file of it: {@code $XDG_CACHE_HOME/osteon/NAME}, by default {@code ~/.cache/osteon/NAME}. */
    public static Path of(String name) {
        String cache = System.getenv("XDG_CACHE_HOME");
        Path home = cache == null || cache.isBlank() ? Path.of(System.getProperty("user.home"), ".cache")
                : Path.of(cache);
        return home.resolve("osteon").resolve(name);
    }
}
