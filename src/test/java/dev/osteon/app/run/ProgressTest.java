package dev.osteon.app.run;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.junit.jupiter.api.Test;

class ProgressTest {

    private static final long SECOND = 1_000_000_000L;

    private final ByteArrayOutputStream printed = new ByteArrayOutputStream();
    private final PrintStream out = new PrintStream(printed, true, StandardCharsets.UTF_8);
    private long now = 17;

    private List<String> lines() {
        return printed.toString(StandardCharsets.UTF_8).lines().toList();
    }

    @Test
    void aLogGetsALineForEachSlowImage() {
        Progress progress = Progress.lines(out, () -> now);
        progress.begin("segmenting");
        for (int i = 1; i <= 3; i++) {
            now += 20 * SECOND;
            progress.update(i, 3, "images", "hand" + i);
        }
        assertThat(lines()).containsExactly("segmenting 1/3  20 s each  0:40 left  hand1",
                "segmenting 2/3  20 s each  0:20 left  hand2", "segmenting 3/3  20 s each  0:00 left  hand3");
    }

    @Test
    void aLogGetsNothingOfWhatIsSoonDoneAndFewLinesOfWhatIsFast() {
        Progress progress = Progress.lines(out, () -> now);
        progress.begin("hashing");
        progress.update(1, 1, "images", "");
        assertThat(lines()).isEmpty();
        progress.begin("training");
        int steps = 36_000;
        for (int i = 1; i <= steps; i++) {        // an hour
            now += SECOND / 10;
            progress.update(i, steps, "steps", "");
        }
        assertThat(lines()).hasSizeBetween(60, 120);
        assertThat(lines().getFirst()).isEqualTo("training 20/36000  10.0 steps/s  59:58 left");
        assertThat(lines().getLast()).startsWith("training 36000/36000  ");
    }

    @Test
    void whatIsSilentPrintsOnlyWhatIsSaid() {
        Progress progress = Progress.silent(out);
        progress.begin("reading");
        progress.update(1, 2, "images", "");
        progress.within("a part").say("a line");
        assertThat(lines()).containsExactly("a part  a line");
    }
}
