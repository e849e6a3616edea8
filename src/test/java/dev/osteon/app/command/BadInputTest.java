package dev.osteon.app.command;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.osteon.app.Main;
import dev.osteon.app.UserError;
import dev.osteon.app.config.ConfigFile;
import dev.osteon.app.config.RunConfig;
import dev.osteon.app.image.GrayImage;
import dev.osteon.app.image.ImageFiles;
import dev.osteon.app.run.Progress;
import dev.osteon.app.run.Run;
import dev.osteon.app.run.RunFolder;
import dev.osteon.engine.tensor.Tensor;
import java.io.IOException;
import java.io.OutputStream;
import java.io.PrintStream;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import picocli.CommandLine;

/** What a person gets wrong is answered by one line and exit code 2, and loses nothing. */
class BadInputTest {

    private static final List<String> TINY = List.of("pretrain.epochs=2", "probe.epochs=2", "evaluation.resamples=5",
            "views.globalSize=16", "views.localSize=8", "encoder.width=2", "probe.size=16", "data.longestSide=24",
            "pretrain.batch=8");

    @TempDir
    Path folder;

    private Path data;
    private final StringWriter err = new StringWriter();

    /** Twelve subjects with a picture each, every third of them with osteoporosis. */
    @BeforeEach
    void writeData() throws IOException {
        data = Files.createDirectory(folder.resolve("data"));
        StringBuilder labels = new StringBuilder("file,t_score\n");
        for (int i = 0; i < 12; i++) {
            GrayImage image = GrayImage.black(24, 24, 8);
            for (int k = 0; k < 24 * 24; k++) {
                image.set(k % 24, k / 24, 20 + (k * (i + 3)) % 200);
            }
            ImageFiles.writePng(image, data.resolve("s" + i + ".png"));
            labels.append("s").append(i).append(".png,").append(i % 3 == 0 ? "-3" : "0").append('\n');
        }
        Files.writeString(data.resolve("labels.csv"), labels);
    }

    private String mistake(String... arguments) {
        List<String> all = new ArrayList<>(List.of("run", "--preset", "smoke", "--out",
                folder.resolve("run").toString()));
        all.addAll(TINY);
        all.addAll(Arrays.asList(arguments));
        err.getBuffer().setLength(0);
        CommandLine line = Main.commandLine();
        line.setOut(new PrintWriter(new StringWriter())).setErr(new PrintWriter(err, true));
        long live = Tensor.live();
        assertThat(line.execute(all.toArray(String[]::new))).as(err.toString()).isEqualTo(2);
        assertThat(Tensor.live()).isEqualTo(live);
        assertThat(err.toString().strip()).hasLineCount(1).startsWith("osteon: ");
        return err.toString();
    }

    private String withData() {
        return mistake("--data", data.toString());
    }

    @Test
    void aMissingFolderAndOneWithoutLabels() throws IOException {
        assertThat(mistake("--data", folder.resolve("none").toString())).contains("none", "no such file or folder");
        Files.delete(data.resolve("labels.csv"));
        assertThat(withData()).contains("no labels.csv", "t_score");
    }

    @Test
    void allUnreadablePicturesAreNamedAtOnce() throws IOException {
        byte[] png = Files.readAllBytes(data.resolve("s4.png"));
        Files.write(data.resolve("s4.png"), Arrays.copyOf(png, png.length / 2));
        Files.writeString(data.resolve("s7.png"), "This is not a picture.\n");
        assertThat(withData()).contains("s4.png", "truncated", "s7.png", "label file");
        Files.write(data.resolve("s4.png"), png);
        assertThat(withData()).contains("s7.png", "expected PNG, JPEG, TIFF or DICOM").doesNotContain("s4.png");
    }

    @Test
    void afterMendingItTheSameFolderServes() throws IOException {
        Path file = data.resolve("s4.png");
        byte[] png = Files.readAllBytes(file);
        Files.write(file, new byte[0]);
        assertThat(withData()).contains("s4.png");
        assertThat(Files.readString(folder.resolve("run/status.json"))).contains("failed", "s4.png");
        Files.write(file, png);
        List<String> all = new ArrayList<>(List.of("run", "--out", folder.resolve("run").toString(), "--preset",
                "smoke", "--data", data.toString()));
        all.addAll(TINY);
        CommandLine line = Main.commandLine();
        line.setOut(new PrintWriter(new StringWriter()));
        assertThat(line.execute(all.toArray(String[]::new))).isZero();
        assertThat(Files.readString(folder.resolve("run/status.json"))).contains("finished");
        assertThat(withData()).contains("not empty");
    }

    @Test
    void labelFilesWithoutAColumnARowOrAClass() throws IOException {
        Path labels = data.resolve("labels.csv");
        String good = Files.readString(labels);
        Files.writeString(labels, good.replace("t_score", "tscores"));
        assertThat(withData()).contains("line 1", "no column 't_score'", "nearest: 'tscores'");
        Files.writeString(labels, good.replace("file", "path"));
        assertThat(withData()).contains("no column 'file'");
        Files.writeString(labels, good.replace(',', ';'));
        assertThat(withData()).contains("given 'file;t_score'; expected commas");
        Files.writeString(labels, "file,t_score\n");
        assertThat(withData()).contains("no row that can be used");
        Files.writeString(labels, good.replace(",-3", ",-1"));
        assertThat(withData()).contains("one class only", "0 osteoporosis, 12 other");
        Files.writeString(labels, good.replace("s3.png,-3", "s3.png,0").replace("s6.png,-3", "s6.png,0"));
        assertThat(withData()).contains("at least 3 of each class");
    }

    @Test
    void unknownKeysPresetsAndValues() throws IOException {
        assertThat(mistake("pretrain.epoch=3")).contains("pretrain.epoch,", "is pretrain.epochs meant?");
        assertThat(mistake("pretrain.batch=0")).contains("pretrain.batch", "from 2");
        assertThat(mistake("--threads", "-1")).contains("threads", "from 0 to 256");
        assertThat(mistake("--threads", "two")).contains("threads", "whole number");
        assertThat(mistake("--seed", "x")).contains("seed", "whole number");
        assertThat(mistake("--device", "gpu")).contains("--device", "gpu", "reference");
        assertThat(mistake("--device", "cuda")).contains("cuda", "--device cpu");
        assertThat(mistake("--task", "cancer")).contains("data.task", "normal_vs_osteoporosis");
        Path file = Files.writeString(folder.resolve("my.yaml"), "view:\n  globalSize: 16\n");
        assertThat(mistake("--config", file.toString())).contains("my.yaml", "view.globalSize",
                "is views.globalSize meant?");
        assertThat(mistake("--config", folder.resolve("none.yaml").toString())).contains("none.yaml does not exist");
        assertThat(folder.resolve("run")).satisfiesAnyOf(run -> assertThat(run).doesNotExist(),
                run -> assertThat(run).isDirectoryNotContaining("glob:**curves.csv"));
    }

    @Test
    void tooLittleRoomForTheSegmentsIsToldBeforeTheRun() {
        assertThat(mistake("data.longestSide=16000", "data.subjects=3000"))    // ten terabytes
                .contains("21000 segments", "of disk", "lower data.longestSide (now 16000)", "osteon.segments.cache");
        assertThat(folder.resolve("run/phantom")).doesNotExist();
    }

    @Test
    void aFullDiskEndsTheRunWithOneLineAndLeavesWhatWasWritten() throws IOException {
        Path full = Path.of("/dev/full");   // every write to it fails with "No space left on device"
        assumeTrue(Files.exists(full), "no /dev/full on this system");
        List<String> settings = new ArrayList<>(TINY);
        settings.add("data.folder=" + data);
        RunConfig config = ConfigFile.load("smoke", settings);
        RunFolder run = RunFolder.create(folder.resolve("run").toString(), "smoke");
        Progress quiet = Progress.silent(new PrintStream(OutputStream.nullOutputStream()));
        long live = Tensor.live();
        Files.createSymbolicLink(run.resolve("curves.csv"), full);
        assertThatThrownBy(() -> new Run(config, run, quiet).execute(Run.Until.EVALUATED)).isInstanceOf(UserError.class)
                .hasMessageContaining("curves.csv").hasMessageContaining("No space left on device")
                .hasMessageContaining("free some space").message().hasLineCount(1);
        Files.delete(run.resolve("curves.csv"));
        assertThat(Tensor.live()).isEqualTo(live);
        assertThat(Files.readString(run.resolve("status.json"))).contains("failed", "No space left");
        assertThat(ConfigFile.load(Optional.empty(), Optional.of(run.resolve("config.yaml")), List.of()))
                .isEqualTo(config);
        try (var files = Files.list(run.path())) {
            assertThat(files.map(f -> f.getFileName().toString())).noneMatch(name -> name.endsWith(".tmp"));
        }
    }
}
