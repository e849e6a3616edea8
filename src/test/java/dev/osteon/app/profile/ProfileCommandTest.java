package dev.osteon.app.profile;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.osteon.app.Osteon;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.StreamSupport;
import jdk.jfr.consumer.RecordingFile;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ProfileCommandTest {

    @TempDir
    Path folder;

    private final Osteon osteon = new Osteon();

    private int pretrain(Path results, String... options) {
        List<String> arguments = new java.util.ArrayList<>(List.of("profile", "--out", results.toString()));
        arguments.addAll(List.of(options));
        arguments.addAll(List.of("pretrain", "--preset", "smoke", "--device", "cpu", "--out",
                results.resolve("run").toString(), "data.subjects=20", "pretrain.epochs=2"));
        return osteon.run(arguments.toArray(String[]::new));
    }

    @Test
    void aTrainingRunIsTakenApart() throws IOException {
        assertThat(pretrain(folder)).as(osteon.err()).isZero();
        Profile profile = Profile.read(folder);
        assertThat(profile.steps()).isPositive();
        assertThat(profile.rows()).extracting(Profile.Row::phase).contains("views", "forward", "loss", "backward",
                "optimizer");
        assertThat(profile.rows()).filteredOn(row -> row.op().equals("conv2d") && row.phase().equals("forward"))
                .isNotEmpty().allSatisfy(row -> assertThat(row.module()).matches("backbone\\.(conv1|layer.*)"));
        assertThat(profile.rows()).filteredOn(row -> row.op().equals("conv2dbackwardweights"))
                .as("a gradient belongs to the module it is of").isNotEmpty()
                .allSatisfy(row -> assertThat(row.module()).startsWith("backbone."));
        long forward = count(profile, "batchnormtrain");
        assertThat(count(profile, "batchnormbackward")).isEqualTo(forward);
        assertThat(profile.busy()).isBetween(0.0, profile.seconds());
        assertThat(profile.holders()).isNotEmpty();
        assertThat(List.copyOf(profile.holders().values())).isSortedAccordingTo((a, b) -> Long.compare(b, a));
        assertThat(profile.peakMemory()).isPositive();
        assertThat(profile.peaks().flops()).containsKey("f32");
        assertThat(osteon.out()).contains("conv2d", "profile.html");
        trace(profile);
        events(profile);
        assertThat(folder.resolve("profile.html")).content().contains("<circle", "Modules, by block", "backbone.layer1")
                .doesNotContain("http://", "https://", "<script");
    }

    private static long count(Profile profile, String op) {
        return profile.rows().stream().filter(row -> row.op().equals(op)).mapToLong(Profile.Row::count).sum();
    }

    /** Operations lie within spans of their thread, and their times add up to the sums. */
    private void trace(Profile profile) throws IOException {
        JsonNode events = new ObjectMapper().readTree(folder.resolve("trace.json").toFile()).get("traceEvents");
        List<JsonNode> all = StreamSupport.stream(events.spliterator(), false).toList();
        List<JsonNode> ops = all.stream().filter(e -> e.path("cat").asText().equals("op")).toList();
        assertThat(ops).hasSize(profile.rows().stream().mapToInt(row -> (int) row.count()).sum());
        assertThat(ops.stream().mapToDouble(e -> e.get("dur").asDouble()).sum() / 1e6)
                .isCloseTo(profile.busy(), within(1e-6 * profile.busy()));
        Set<String> kinds = all.stream().map(e -> e.path("cat").asText()).collect(Collectors.toSet());
        assertThat(kinds).contains("step", "phase", "module", "op");
        assertThat(all).filteredOn(e -> e.get("ph").asText().equals("C")).hasSameSizeAs(ops);
        JsonNode loss = all.stream().filter(e -> e.get("name").asText().equals("loss")).findFirst().orElseThrow();
        double start = loss.get("ts").asDouble();
        double end = start + loss.get("dur").asDouble();
        assertThat(ops).filteredOn(e -> e.get("ts").asDouble() >= start
                && e.get("ts").asDouble() + e.get("dur").asDouble() <= end).isNotEmpty()
                .allSatisfy(e -> assertThat(e.get("args").get("phase").asText()).isEqualTo("loss"));
    }

    private void events(Profile profile) throws IOException {
        long operations = RecordingFile.readAllEvents(folder.resolve("profile.jfr")).stream()
                .filter(e -> e.getEventType().getName().equals("dev.osteon.Operation")).count();
        assertThat(operations).isEqualTo(profile.rows().stream().mapToLong(Profile.Row::count).sum());
    }

    @Test
    void stepsAndEventsCanBeChosen() throws IOException {
        assertThat(pretrain(folder, "--steps", "2-3", "--events", "10")).as(osteon.err()).isZero();
        Profile profile = Profile.read(folder);
        assertThat(profile.steps()).isEqualTo(2);
        assertThat(count(profile, "larcstep") + count(profile, "sgdstep")).isPositive();
        assertThat(profile.rows()).noneMatch(row -> row.op().equals("batchnormeval"));
        assertThat(profile.facts()).containsKey("trace");
        JsonNode events = new ObjectMapper().readTree(folder.resolve("trace.json").toFile()).get("traceEvents");
        assertThat(StreamSupport.stream(events.spliterator(), false).filter(e -> e.get("ph").asText().equals("X")))
                .hasSize(10);
    }

    @Test
    void twoProfilesAreCompared() throws IOException {
        Profile.Row conv = new Profile.Row("conv2d", "f32[1, 2, 3, 4]", "forward", "conv1", 4, 2, 1e9, 1e6);
        Peaks peaks = new Peaks(1e10, java.util.Map.of("f32", 1e11));
        new Profile("run a", java.util.Map.of(), peaks, 4, 2, List.of(conv), List.of(
                new Profile.MemoryPoint(0, "", 1 << 20)), java.util.Map.of()).write(folder.resolve("a"));
        new Profile("run b", java.util.Map.of(), peaks, 3, 1, List.of(new Profile.Row("conv2d", "f32[1, 2, 3, 4]",
                "forward", "conv1", 4, 0.5, 1e9, 1e6)), List.of(new Profile.MemoryPoint(0, "", 2 << 20)),
                java.util.Map.of()).write(folder.resolve("b"));
        assertThat(osteon.run("profile", "--diff", folder.resolve("a").toString(), folder.resolve("b").toString()))
                .as(osteon.err()).isZero();
        assertThat(osteon.out()).contains("ms per step of 2 and 1 steps")
                .containsPattern("conv2d +1000\\.00 +500\\.00 +0\\.500")
                .containsPattern("peak of live tensors, MiB +1 +2 +2\\.000");
    }

    @Test
    void whatCannotBeProfiledIsSaid() {
        assertThat(osteon.run("profile")).isEqualTo(2);
        assertThat(osteon.err()).contains("given no command to run");
        assertThat(osteon.run("profile", "--out", folder.toString(), "--steps", "5-2", "doctor")).isEqualTo(2);
        assertThat(osteon.err()).contains("--steps: given 5-2");
        assertThat(osteon.run("profile", "--out", folder.toString(), "doctor")).isEqualTo(2);
        assertThat(osteon.err()).contains("ran no operation");
        osteon.forget();
        assertThat(osteon.run("profile", "--out", folder.toString(), "bake", "--cake")).isEqualTo(2);
        assertThat(osteon.err().strip()).hasLineCount(1).contains("bake");
        assertThat(osteon.run("profile", "--diff", folder.toString(), folder.toString())).isEqualTo(2);
        assertThat(osteon.err()).contains("no profile.json");
    }

    @Test
    void aPeakIsTheBestThatWasSeen() throws IOException {
        Path file = folder.resolve("peaks.json");
        Peaks first = Peaks.of(dev.osteon.engine.tensor.Device.CPU, file);
        String raised = Files.readString(file).replaceAll("(\"bandwidth\" : )[0-9.E]+", "$19.0E17");
        Files.writeString(file, raised);
        Peaks second = Peaks.of(dev.osteon.engine.tensor.Device.CPU, file);
        assertThat(second.bandwidth()).isEqualTo(9e17);
        assertThat(second.flops().get("f32")).isGreaterThanOrEqualTo(first.flops().get("f32"));
        Files.writeString(file, "{ damaged");
        assertThat(Peaks.of(dev.osteon.engine.tensor.Device.CPU, file).bandwidth()).isPositive().isLessThan(9e17);
    }
}
