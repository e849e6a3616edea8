package dev.osteon.app.run;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.osteon.app.config.ConfigFile;
import dev.osteon.app.config.RunConfig;
import java.io.IOException;
import java.io.OutputStream;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What a run that failed leaves behind. */
class RunFolderTest {

    private static final Progress QUIET = Progress.silent(new PrintStream(OutputStream.nullOutputStream()));

    @TempDir
    Path folder;

    private final boolean wereThere = Files.exists(Path.of("runs"));
    private RunFolder run;

    private RunFolder create(String given) {
        run = RunFolder.create(given, "smoke");
        return run;
    }

    @AfterEach
    void remove() throws IOException {
        run.close();
        if (Files.exists(run.path())) {
            try (Stream<Path> all = Files.walk(run.path())) {
                for (Path each : all.sorted(Comparator.reverseOrder()).toList()) {
                    Files.delete(each);
                }
            }
        }
        if (!wereThere) {
            Files.deleteIfExists(Path.of("runs"));
        }
    }

    private void fail() {
        RunConfig config = ConfigFile.load("smoke", List.of("data.folder=" + folder.resolve("none")));
        assertThatThrownBy(() -> new Run(config, run, QUIET).execute(Run.Until.EVALUATED))
                .isInstanceOf(IOException.class).hasMessageContaining("no such file or folder");
    }

    @Test
    void aFolderThatNobodyNamedGoesWithARunThatNeverBegan() throws IOException {
        create("");
        Files.createDirectories(run.resolve(RunFolder.BONES + "/masks"));
        fail();
        assertThat(run.path()).doesNotExist();
    }

    @Test
    void aFolderWithAnythingMoreStays() throws IOException {
        create("");
        Files.createDirectories(run.resolve(RunFolder.BONES + "/rows"));
        Files.writeString(run.resolve(RunFolder.BONES + "/rows/a.csv"), "a");
        fail();
        assertThat(run.resolve("status.json")).content().contains("failed", "no such file");
        assertThat(run.resolve(RunFolder.BONES + "/rows/a.csv")).exists();
    }

    @Test
    void aFolderThatAPersonNamedStaysAndServesAgain() throws IOException {
        create(folder.resolve("named").toString());
        fail();
        assertThat(run.resolve("status.json")).content().contains("failed", "no such file");
        create(folder.resolve("named").toString());
        assertThat(run.path()).isEqualTo(folder.resolve("named"));
    }
}
