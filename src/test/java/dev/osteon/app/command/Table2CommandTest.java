package dev.osteon.app.command;

import static org.assertj.core.api.Assertions.assertThat;

import dev.osteon.app.Osteon;
import dev.osteon.engine.tensor.Tensor;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class Table2CommandTest {

    @TempDir
    Path folder;

    private final Osteon osteon = new Osteon();

    private int table(String... more) {
        List<String> arguments = new ArrayList<>(List.of("table2", "--preset", "smoke", "--methods",
                "supervised,simclr", "--trials", "2", "--out", folder.resolve("table").toString(), "data.subjects=24",
                "data.longestSide=32", "pretrain.epochs=1", "probe.epochs=5", "evaluation.resamples=20",
                "views.globalSize=16", "views.localSize=8", "encoder.width=4", "probe.size=16"));
        arguments.addAll(List.of(more));
        return osteon.run(arguments.toArray(String[]::new));
    }

    @Test
    void everyCellIsARunAndTheSameCommandDoesOnlyWhatIsMissing() throws IOException {
        long live = Tensor.live();
        assertThat(table()).as(osteon.err()).isZero();
        assertThat(Tensor.live()).isEqualTo(live);
        Path table = folder.resolve("table");
        List<String> csv = Files.readAllLines(table.resolve("table2.csv"));
        assertThat(csv).hasSize(1 + 2 * 2 * 2);
        assertThat(csv.get(1)).startsWith("Supervised,multi-crop,subject,1,");
        assertThat(Files.readString(table.resolve("table2.md"))).contains("| SimCLR | extended multi-crop | subject |")
                .contains("±");
        assertThat(Files.readString(table.resolve("table2.html")))
                .contains("runs/simclr-extended-subject-2/report.html")
                .contains("Figures 2 to 6").doesNotContain("<script", "https:");

        Path one = table.resolve("runs/simclr-plain-subject-1");
        Path other = table.resolve("runs/supervised-plain-subject-2/metrics.json");
        var before = Files.getLastModifiedTime(other);
        Files.delete(one.resolve("status.json"));       // as if killed while its report was written
        Files.delete(one.resolve("metrics.json"));
        Path settings = table.resolve("table2.yaml");   // as an older version wrote it
        Files.writeString(settings, Files.readString(settings).replace("precision: auto", "precision: AUTO"));
        assertThat(table()).as(osteon.err()).isZero();
        assertThat(one.resolve("metrics.json")).exists();
        assertThat(Files.getLastModifiedTime(other)).isEqualTo(before);
        assertThat(Files.readAllLines(table.resolve("table2.csv"))).isEqualTo(csv);

        assertThat(table("pretrain.batch=16")).isEqualTo(2);
        assertThat(osteon.err()).contains("other settings");
    }

    @Test
    void wordsThatAreNotKnownAreNamed() {
        assertThat(osteon.run("table2", "--methods", "byol", "--out", folder.resolve("t").toString())).isEqualTo(2);
        assertThat(osteon.err()).contains("byol", "vicreg");
        assertThat(osteon.run("table2", "--split", "bone", "--out", folder.resolve("t").toString())).isEqualTo(2);
        assertThat(osteon.err()).contains("bone", "segment", "both");
        assertThat(osteon.run("table2", "--trials", "0", "--out", folder.resolve("t").toString())).isEqualTo(2);
    }
}
