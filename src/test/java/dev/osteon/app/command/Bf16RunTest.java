package dev.osteon.app.command;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.ObjectMapper;
import dev.osteon.app.Osteon;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import org.assertj.core.data.Percentage;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Runs in bfloat16 on the CPU beside the same in float32: 216 steps of a small network on phantom segments, from five
 * seeds. The median of the curves' differences counts: of twelve seeds eleven stayed within 2 % once settled, and one
 * went another way early and came out 13 % lower, as seeds do whenever a sum is rounded in another order. The AUC of so
 * few subjects differs by more; there it is the mean.
 */
class Bf16RunTest {

    private static final int EPOCHS = 12;
    private static final int[] SEEDS = {1, 2, 3, 4, 5};
    /** Epochs that are taken together: 36 steps, over which a loss of 16 segments' views is smooth. */
    private static final int BLOCK = 2;
    /** While the loss falls fast, a step's lead or lag counts as much as the curve's height. */
    private static final double FALLING = 8;
    private static final double SETTLED = 4;

    @TempDir
    Path folder;

    private final Osteon osteon = new Osteon();

    @Test
    void lossesAndTheAucAreThoseOfFloat32() throws IOException {
        List<List<Double>> exact = losses("float32");
        List<List<Double>> bf16 = losses("bf16");
        assertThat(bf16).isNotEqualTo(exact);
        for (int from = 0; from < EPOCHS; from += BLOCK) {
            int first = from;
            double[] ratios = IntStream.range(0, SEEDS.length)
                    .mapToDouble(i -> mean(bf16.get(i), first) / mean(exact.get(i), first)).sorted().toArray();
            assertThat(ratios[SEEDS.length / 2]).as("epochs from %d on: %s", from + 1, Arrays.toString(ratios))
                    .isCloseTo(1, Percentage.withPercentage(from < EPOCHS / 2 ? FALLING : SETTLED));
        }
        assertThat(bf16.stream().mapToDouble(curve -> mean(curve, EPOCHS - BLOCK) / mean(curve, 0)).average()
                .orElseThrow()).as("both learn").isLessThan(0.6);
        assertThat(meanAuc("bf16", "value")).isBetween(meanAuc("float32", "low"), meanAuc("float32", "high"));
        assertThat(meanAuc("float32", "value")).isBetween(meanAuc("bf16", "low"), meanAuc("bf16", "high"));
    }

    private static double mean(List<Double> losses, int from) {
        return losses.subList(from, from + BLOCK).stream().mapToDouble(v -> v).average().orElseThrow();
    }

    private Path run(String precision, int seed) {
        return folder.resolve(precision + seed);
    }

    /** The mean over the seeds of the test set's AUC, or of an end of its confidence interval. */
    private double meanAuc(String precision, String what) throws IOException {
        double sum = 0;
        for (int seed : SEEDS) {
            sum += new ObjectMapper().readTree(run(precision, seed).resolve("metrics.json").toFile())
                    .path("test").path("auc").path(what).asDouble(Double.NaN);
        }
        return sum / SEEDS.length;
    }

    private List<List<Double>> losses(String precision) throws IOException {
        List<List<Double>> curves = new ArrayList<>();
        for (int seed : SEEDS) {
            curves.add(losses(precision, seed));
            assertThat(curves.getLast()).hasSize(EPOCHS);
        }
        return curves;
    }

    /** Runs everything and gives the pretext loss of every epoch. */
    private List<Double> losses(String precision, int seed) throws IOException {
        Path run = run(precision, seed);
        assertThat(osteon.run("run", "--preset", "smoke", "--device", "cpu", "--precision", precision, "--out",
                run.toString(), "seed=" + seed, "data.subjects=60", "pretrain.epochs=" + EPOCHS, "pretrain.batch=16",
                "views.globalSize=16", "views.localSize=8", "encoder.width=8")).as(osteon.err()).isZero();
        return Files.readAllLines(run.resolve("curves.csv")).stream().filter(row -> row.startsWith("pretext,"))
                .map(row -> Double.parseDouble(row.split(",")[2])).toList();
    }
}
