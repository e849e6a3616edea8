package dev.osteon.app.run;

import dev.osteon.app.config.RunConfig;
import java.io.IOException;
import java.nio.file.Path;

/** A phantom that several runs share. */
public final class Phantoms {

    private Phantoms() {}

    /** Generates the phantom that a configuration asks for, or completes it, and returns its absolute folder. */
    public static Path generate(RunConfig config, Path folder, Progress progress) throws IOException {
        Path made = Cohort.phantom(config, folder.toAbsolutePath().normalize(), progress);
        progress.end();
        return made;
    }
}
