package dev.osteon.app.run;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.osteon.app.UserError;
import dev.osteon.app.report.CurvePoint;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class CurvesTest {

    @TempDir
    Path folder;

    @Test
    void goingOnKeepsWholeEpochsOnly() throws IOException {
        try (RunFolder run = RunFolder.create(folder.resolve("run").toString(), "smoke")) {
            Curves first = new Curves(run, 0);
            first.add(new CurvePoint(CurvePoint.PRETEXT, 1, Map.of("loss", 1.25)));
            first.add(new CurvePoint(CurvePoint.PRETEXT, 2, Map.of("loss", 1.125)));
            first.add(new CurvePoint(CurvePoint.PRETEXT, 3, Map.of("loss", 1.0)));
            first.add(new CurvePoint(CurvePoint.PROBE, -1, Map.of("train_auc", 0.5)));
            String two = String.join("\n", Files.readAllLines(run.resolve("curves.csv")).subList(0, 3)) + "\n";

            Curves on = new Curves(run, 2);
            assertThat(Files.readString(run.resolve("curves.csv"))).isEqualTo(two);
            assertThat(on.points()).hasSize(2);
            assertThat(on.points().getLast().value("loss")).isEqualTo(1.125);
            assertThat(on.points().getLast().value("knn_auc")).isNaN();
            assertThat(RunFiles.curves(run.path())).isEqualTo(on.points());
        }
    }

    @Test
    void aLineThatIsNotOursIsNamed() {
        assertThatThrownBy(() -> Curves.parse("pretext,one,2")).isInstanceOf(UserError.class)
                .hasMessageContaining("pretext,one,2");
    }

    @Test
    void twoProcessesDoNotShareAFolder() throws IOException {
        Path path = folder.resolve("run");
        try (RunFolder run = RunFolder.create(path.toString(), "smoke")) {
            run.writeText("config.yaml", "seed: 1\n");
            assertThatThrownBy(() -> RunFolder.open(path)).isInstanceOf(UserError.class).hasMessageContaining("in use");
        }
        try (RunFolder again = RunFolder.open(path)) {
            assertThat(again.finished()).isFalse();
        }
    }
}
