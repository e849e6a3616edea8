package dev.osteon.app.command;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.osteon.app.Osteon;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.assertj.core.data.Percentage;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A run in bfloat16 on the CPU beside the same in float32: 210 steps of a small network on phantom segments. */
class Bf16RunTest {

    private static final int EPOCHS = 30;
    /** Epochs that are taken together: 35 steps, over which a loss of 16 segments' views is smooth. */
    private static final int BLOCK = 5;
    /** While the loss falls fast, a step's lead or lag counts as much as the curve's height. */
    private static final double FALLING = 8;
    private static final double SETTLED = 4;

    @TempDir
    Path folder;

    private final Osteon osteon = new Osteon();

    @Test
    void lossesAndTheAucAreThoseOfFloat32() throws IOException {
        List<Double> exact = losses("float32");
        List<Double> bf16 = losses("bf16");
        assertThat(bf16).hasSize(EPOCHS).isNotEqualTo(exact);
        for (int from = 0; from < EPOCHS; from += BLOCK) {
            assertThat(mean(bf16, from)).as("epochs from %d on", from + 1).isCloseTo(mean(exact, from),
                    Percentage.withPercentage(from < EPOCHS / 2 ? FALLING : SETTLED));
        }
        assertThat(mean(bf16, EPOCHS - BLOCK)).as("both learn").isLessThan(0.6 * mean(bf16, 0));
        JsonNode one = auc("float32");
        JsonNode other = auc("bf16");
        assertThat(other.path("value").asDouble()).isBetween(one.path("low").asDouble(), one.path("high").asDouble());
        assertThat(one.path("value").asDouble()).isBetween(other.path("low").asDouble(),
                other.path("high").asDouble());
    }

    private static double mean(List<Double> losses, int from) {
        return losses.subList(from, from + BLOCK).stream().mapToDouble(v -> v).average().orElseThrow();
    }

    private JsonNode auc(String precision) throws IOException {
        return new ObjectMapper().readTree(folder.resolve(precision).resolve("metrics.json").toFile()).path("test")
                .path("auc");
    }

    /** Runs everything and gives the pretext loss of every epoch. */
    private List<Double> losses(String precision) throws IOException {
        Path run = folder.resolve(precision);
        assertThat(osteon.run("run", "--preset", "smoke", "--device", "cpu", "--precision", precision, "--out",
                run.toString(), "data.subjects=24", "pretrain.epochs=" + EPOCHS, "pretrain.batch=16",
                "views.globalSize=16", "views.localSize=8", "encoder.width=8")).as(osteon.err()).isZero();
        return Files.readAllLines(run.resolve("curves.csv")).stream().filter(row -> row.startsWith("pretext,"))
                .map(row -> Double.parseDouble(row.split(",")[2])).toList();
    }
}
