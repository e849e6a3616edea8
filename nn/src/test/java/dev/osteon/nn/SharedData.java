package dev.osteon.nn;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;

/** Pictures and models for tests, in {@code shared/data} beside the checkout. */
public final class SharedData {

    private SharedData() {}

    /** A folder of it; the test is skipped without it, but fails where CI=true promises it. */
    public static Path folder(String name) {
        Optional<Path> folder = find("data/" + name);
        if (folder.isEmpty() && "true".equals(System.getenv("CI"))) {
            throw new AssertionError("no shared/data/" + name + " next to the repository; set -Dosteon.shared");
        }
        assumeTrue(folder.isPresent(), "no shared/data/" + name + " next to the repository: this is not checked");
        return folder.get();
    }

    /** A folder below {@code shared}, which is {@code -Dosteon.shared} or lies beside a parent of this folder. */
    static Optional<Path> find(String name) {
        String given = System.getProperty("osteon.shared");
        if (given != null) {
            return Optional.of(Path.of(given, name)).filter(Files::isDirectory);
        }
        for (Path at = Path.of("").toAbsolutePath(); at != null; at = at.getParent()) {
            Path folder = at.resolve("shared").resolve(name);
            if (Files.isDirectory(folder)) {
                return Optional.of(folder);
            }
        }
        return Optional.empty();
    }
}
