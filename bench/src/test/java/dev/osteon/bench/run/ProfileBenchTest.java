package dev.osteon.bench.run;

import static org.assertj.core.api.Assertions.assertThat;

import dev.osteon.app.Main;
import dev.osteon.app.profile.Profile;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** {@code osteon profile bench} as it is typed. */
class ProfileBenchTest {

    @TempDir
    Path folder;

    private final StringWriter out = new StringWriter();
    private final StringWriter err = new StringWriter();

    private int profile(String... arguments) {
        List<String> all = new ArrayList<>(List.of("profile", "--out", folder.toString(), "bench"));
        all.addAll(List.of(arguments));
        return Main.commandLine().setOut(new PrintWriter(out)).setErr(new PrintWriter(err))
                .execute(all.toArray(String[]::new));
    }

    private static long count(Profile profile, String op) {
        return profile.rows().stream().filter(row -> row.op().equals(op)).mapToLong(Profile.Row::count).sum();
    }

    @Test
    void aCaseIsRecordedAfterItsWarmUpWithARunAsAStep() throws IOException {
        assertThat(profile("--filter", "MatMul 512x512x512 f32", "--rounds", "1")).as(err.toString()).isZero();
        Profile profile = Profile.read(folder);
        assertThat(profile.command()).isEqualTo("bench --filter MatMul 512x512x512 f32 --rounds 1");
        assertThat(profile.rows()).extracting(Profile.Row::op).as("nothing of the set-up").containsOnly("matmul");
        assertThat(profile.steps()).as("five iterations of one run at least").isGreaterThanOrEqualTo(5);
        assertThat(count(profile, "matmul")).isEqualTo(profile.steps());
        assertThat(profile.seconds()).as("five of 200 ms, and no warm-up").isGreaterThan(0.9);
        for (String file : List.of("profile.html", "trace.json", "profile.jfr")) {
            assertThat(folder.resolve(file)).isNotEmptyFile();
        }
        assertThat(out.toString()).contains("matmul", "profile.html");
    }

    @Test
    void trainingHasItsOwnSteps() throws IOException {
        assertThat(profile("--quick", "--filter", "MultiCropStep", "--param", "images=2")).as(err.toString()).isZero();
        Profile profile = Profile.read(folder);
        assertThat(profile.steps()).isEqualTo(1);
        assertThat(count(profile, "larcstep")).isEqualTo(1);
        assertThat(count(profile, "affinecropresize")).as("a resolution each").isEqualTo(2);
        assertThat(profile.rows()).extracting(Profile.Row::phase).contains("forward", "backward", "optimizer");
    }

    private void refused(String message, String... arguments) {
        assertThat(profile(arguments)).isEqualTo(2);
        assertThat(err.toString().strip()).hasLineCount(1).contains(message).doesNotContain("\tat ");
        err.getBuffer().setLength(0);
        assertThat(Files.exists(folder.resolve("profile.jfr"))).isFalse();
    }

    @Test
    void whatIsNotOneCaseOfOursIsRefused() {
        refused("2 cases, TrainingStep 16x224 f32 to TrainingStep 16x224 bf16", "--filter", "TrainingStep");
        refused("given --vs, --compare, --out or --list", "--filter", "Larc", "--vs", "libtorch");
        refused("--filter: given nothing", "--filter", "nothing");
        refused("--rounds 0", "--filter", "Larc", "--rounds", "0");
        refused("expected f32 or bf16", "--filter", "MatMul 512x512x512", "--param", "type=f64");
        assertThat(profile("--help")).isZero();
        assertThat(out.toString()).contains("osteon profile bench");
    }
}
