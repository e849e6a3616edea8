package dev.osteon.app.profile;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.osteon.app.Osteon;
import dev.osteon.engine.backend.cuda.CudaEmulator;
import dev.osteon.engine.dispatch.Dispatcher;
import dev.osteon.engine.op.LarcStep;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.StreamSupport;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A training run on a GPU is taken apart by the GPU's own clock. */
class CudaProfileCommandTest {

    @TempDir
    Path folder;

    private final Osteon osteon = new Osteon();

    @BeforeAll
    static void open() {
        CudaEmulator.backend();
    }

    @Test
    void operationsAreTimedOnTheDevicesOwnTrack() throws IOException {
        List<Long> waits = new ArrayList<>();
        Dispatcher.Registration atEachStep = Dispatcher.listen((op, in, results, nanos) -> {
            if (op instanceof LarcStep) {
                waits.add(CudaEmulator.isEmulated() ? CudaEmulator.waits() : 0);
            }
        });
        assertThat(osteon.run("profile", "--steps", "2-3", "--out", folder.toString(), "pretrain", "--preset", "smoke",
                "--device", "cuda", "--out", folder.resolve("run").toString(), "data.subjects=24", "pretrain.epochs=1",
                "pretrain.batch=32", "views.globalSize=16", "views.localSize=8", "encoder.width=4")).as(osteon.err())
                .isZero();
        Profile profile = Profile.read(folder);
        long operations = profile.rows().stream().mapToLong(Profile.Row::count).sum();
        assertThat(operations).isGreaterThan(500);
        atEachStep.close();
        assertThat(waits).as("nothing waits for an operation").hasSize(3);
        assertThat(waits.get(2)).isEqualTo(waits.get(1));
        assertThat(profile.rows()).extracting(Profile.Row::phase).contains("views", "forward", "loss", "backward",
                "optimizer");
        assertThat(profile.busy()).isBetween(1e-9, profile.seconds());

        JsonNode events = new ObjectMapper().readTree(folder.resolve("trace.json").toFile()).get("traceEvents");
        List<JsonNode> all = StreamSupport.stream(events.spliterator(), false).toList();
        List<JsonNode> ops = all.stream().filter(e -> e.path("cat").asText().equals("op")).toList();
        long track = all.stream().filter(e -> e.path("args").path("name").asText().equals("cuda:0")).findFirst()
                .orElseThrow().get("tid").asLong();
        assertThat(ops).hasSize((int) operations).allMatch(e -> e.get("tid").asLong() == track);
        assertThat(ops.stream().mapToDouble(e -> e.get("dur").asDouble()).sum() / 1e6)
                .isCloseTo(profile.busy(), within(1e-6 * profile.busy()));
        double end = 0;
        for (JsonNode op : ops) {                     // one after the other, as they are queued
            assertThat(op.get("ts").asDouble()).isGreaterThanOrEqualTo(end - 1e-3);
            end = op.get("ts").asDouble() + op.get("dur").asDouble();
        }
        assertThat(all).filteredOn(e -> e.path("cat").asText().equals("step")).hasSize(2)
                .allMatch(e -> e.get("tid").asLong() != track);
    }
}
