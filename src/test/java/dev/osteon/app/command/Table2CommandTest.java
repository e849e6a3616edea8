package dev.osteon.app.command;

import static org.assertj.core.api.Assertions.assertThat;

import dev.osteon.app.Main;
import dev.osteon.engine.tensor.Tensor;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import picocli.CommandLine;

class Table2CommandTest {

    @TempDir
    Path folder;

    private final StringWriter out = new StringWriter();
    private final StringWriter err = new StringWriter();

    private int osteon(String... arguments) {
        CommandLine line = Main.commandLine();
        line.setOut(new PrintWriter(out, true)).setErr(new PrintWriter(err, true));
        return line.execute(arguments);
    }

    private int table(String... more) {
        List<String> arguments = new ArrayList<>(List.of("table2", "--preset", "smoke", "--methods",
                "supervised,simclr", "--trials", "2", "--out", folder.resolve("table").toString(), "data.subjects=24",
                "data.longestSide=32", "pretrain.epochs=1", "probe.epochs=5", "evaluation.resamples=20",
                "views.globalSize=16", "views.localSize=8", "encoder.width=4", "probe.size=16"));
        arguments.addAll(List.of(more));
        return osteon(arguments.toArray(String[]::new));
    }

    @Test
    void everyCellIsARunAndTheSameCommandDoesOnlyWhatIsMissing() throws IOException {
        long live = Tensor.live();
        assertThat(table()).as(err.toString()).isZero();
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
        assertThat(table()).as(err.toString()).isZero();
        assertThat(one.resolve("metrics.json")).exists();
        assertThat(Files.getLastModifiedTime(other)).isEqualTo(before);
        assertThat(Files.readAllLines(table.resolve("table2.csv"))).isEqualTo(csv);

        assertThat(table("pretrain.batch=16")).isEqualTo(2);
        assertThat(err.toString()).contains("other settings");
    }

    @Test
    void wordsThatAreNotKnownAreNamed() {
        assertThat(osteon("table2", "--methods", "byol", "--out", folder.resolve("t").toString())).isEqualTo(2);
        assertThat(err.toString()).contains("byol", "vicreg");
        assertThat(osteon("table2", "--split", "bone", "--out", folder.resolve("t").toString())).isEqualTo(2);
        assertThat(err.toString()).contains("bone", "segment", "both");
        assertThat(osteon("table2", "--trials", "0", "--out", folder.resolve("t").toString())).isEqualTo(2);
    }
}
