package dev.osteon.models.onnx;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;

/** Real models and suites beside the repository; tests skip without them, but fail where CI=true promises them. */
final class SharedData {

    private SharedData() {}

    /** A file or folder of {@code shared/data}. */
    static Path at(String relative) {
        Optional<Path> found = folder().map(folder -> folder.resolve(relative)).filter(Files::exists);
        if (found.isEmpty() && "true".equals(System.getenv("CI"))) {
            throw new AssertionError("no shared/data/" + relative + " next to the repository; set -Dosteon.shared");
        }
        assumeTrue(found.isPresent(), "no shared/data/" + relative + " next to the repository: not checked");
        return found.get();
    }

    private static Optional<Path> folder() {
        String given = System.getProperty("osteon.shared");
        if (given != null) {
            return Optional.of(Path.of(given, "data"));
        }
        for (Path at = Path.of("").toAbsolutePath(); at != null; at = at.getParent()) {
            if (Files.isDirectory(at.resolve("shared/data"))) {
                return Optional.of(at.resolve("shared/data"));
            }
        }
        return Optional.empty();
    }
}
