package dev.osteon.app.segment;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.osteon.app.UserError;
import dev.osteon.app.image.GrayImage;
import dev.osteon.app.image.ImageFiles;
import dev.osteon.app.phantom.Bone;
import dev.osteon.app.run.Progress;
import dev.osteon.engine.DeviceFailedException;
import dev.osteon.engine.tensor.Device;
import dev.osteon.engine.tensor.Tensor;
import dev.osteon.models.sam.Point;
import dev.osteon.models.sam.PointPrompt;
import dev.osteon.nn.SharedData;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What goes wrong with some images, and what is left then. */
class SegmentationTest {

    private static final String PRIVATE = "Doe^Jane";

    @TempDir
    Path folder;

    private Path images;
    private Path out;
    private final ByteArrayOutputStream said = new ByteArrayOutputStream();

    @BeforeEach
    void threeImages() throws IOException {
        images = Files.createDirectories(folder.resolve("images"));
        out = folder.resolve("out");
        for (int i = 0; i < 3; i++) {
            Path file = images.resolve(i + "/hand.png");
            Files.createDirectories(file.getParent());
            ImageFiles.writePng(bar(i), file);
        }
    }

    /** A bright bar on black. */
    private static GrayImage bar(int i) {
        GrayImage image = GrayImage.black(64, 96, 8);
        for (int y = 20; y < 76; y++) {
            for (int x = 24 + i; x < 40; x++) {
                image.set(x, y, 200);
            }
        }
        return image;
    }

    private static Prompting.Placed placed() {
        BonePrompt prompt = BonePrompt.of(new PointPrompt(List.of(new Point(32, 48)), List.of(new Point(5, 5))));
        return new Prompting.Placed(Map.of(Bone.MC3, prompt), Map.of(Bone.MC3, 1.0), Map.of(), List.of());
    }

    private Segmentation.Outcome run(Prompting prompting) throws IOException {
        said.reset();
        Progress progress = Progress.silent(new PrintStream(said, true, StandardCharsets.UTF_8));
        return new Segmentation(new Segmentation.Settings(images, out, EnumSet.noneOf(Step.class),
                Pattern.compile(".*")), progress).run(SamFiles.in(Optional.of(SharedData.folder("sam"))), prompting,
                        Device.CPU);
    }

    private Map<String, String> tables() throws IOException {
        return Map.of("segments", Files.readString(out.resolve("segments.csv")), "prompts",
                Files.readString(out.resolve("prompts.json")));
    }

    @Test
    void imagesOfOneNameKeepResultsAndSubjectsOfTheirOwn() throws IOException {
        assertThat(run((file, image) -> placed()).done()).isEqualTo(3);
        try (Stream<Path> masks = Files.list(out.resolve("masks"))) {
            assertThat(masks).hasSize(3);
        }
        assertThat(Files.readAllLines(out.resolve("segments.csv"))).filteredOn(row -> row.contains(",mc3,"))
                .extracting(row -> row.split(",")[1]).containsExactly("0/hand", "1/hand", "2/hand");
    }

    @Test
    void anImageWhoseFilesAreGoneIsDoneAgain() throws IOException {
        run((file, image) -> placed());
        String name = "1%2Fhand%2Epng";
        for (String file : List.of("masks/" + name + "_mc3.png", "segments/" + name + "_mc3.png",
                "overlays/" + name + ".png", "rows/" + name + ".csv")) {
            assertThat(out.resolve(file)).isNotEmptyFile();
            Files.delete(out.resolve(file));
            Segmentation.Outcome outcome = run((f, image) -> placed());
            assertThat(outcome.done()).as(file).isEqualTo(1);
            assertThat(outcome.reused()).isEqualTo(2);
            assertThat(out.resolve(file)).isNotEmptyFile();
        }
        Files.write(out.resolve("masks/" + name + "_mc3.png"), new byte[0]);
        assertThat(run((f, image) -> placed()).done()).isEqualTo(1);
        Files.writeString(out.resolve("rows/" + name + ".csv"), "\"half a row");
        assertThat(run((f, image) -> placed()).done()).isEqualTo(1);
        assertThat(run((f, image) -> placed()).reused()).isEqualTo(3);
    }

    @Test
    void anUnexpectedErrorLeavesOneImageOutInALineWithoutWhatItSays() throws IOException {
        long live = Tensor.live();
        Segmentation.Outcome outcome = run((file, image) -> {
            if (file.startsWith("0")) {
                throw new IllegalStateException(PRIVATE);
            }
            if (file.startsWith("1")) {
                throw new OutOfMemoryError(PRIVATE);
            }
            return placed();
        });
        assertThat(outcome.done()).isEqualTo(1);
        assertThat(outcome.failed()).hasSize(2).noneMatch(line -> line.contains(PRIVATE) || line.contains("\n"));
        assertThat(outcome.failed().getFirst()).startsWith("0/hand.png: left out by an internal error, "
                + "IllegalStateException in SegmentationTest.java:");
        assertThat(outcome.failed().getLast()).startsWith("1/hand.png: not enough memory");
        assertThat(said.toString(StandardCharsets.UTF_8).lines()).hasSize(2);
        assertThat(Files.readAllLines(out.resolve("segments.csv"))).hasSize(1 + 7);
        assertThat(Tensor.live()).isEqualTo(live);
    }

    @Test
    void whatConcernsAllImagesEndsAtOnceAndKeepsWhatIsDone() throws IOException {
        int[] asked = {0};
        assertThatThrownBy(() -> run((file, image) -> {
            asked[0]++;
            if (file.startsWith("1")) {
                throw new DeviceFailedException("the device is gone");
            }
            return placed();
        })).isInstanceOf(DeviceFailedException.class);
        assertThat(asked[0]).isEqualTo(2);
        Path masks = out.resolve("masks/1%2Fhand%2Epng_mc3.png");
        Files.createDirectories(masks.resolve("in the way"));   // as a full disk, for every user
        assertThatThrownBy(() -> run((file, image) -> placed())).isInstanceOf(FileSystemException.class);
        Files.delete(masks.resolve("in the way"));
        Files.delete(masks);
        assertThat(run((file, image) -> placed()).reused()).isEqualTo(1);
    }

    @Test
    void tablesOfAnEarlierCallStayWhenNoImageCouldBeDone() throws IOException {
        run((file, image) -> placed());
        Map<String, String> before = tables();
        for (int i = 0; i < 3; i++) {
            Files.writeString(images.resolve(i + "/hand.png"), "no picture");
        }
        assertThatThrownBy(() -> run((file, image) -> placed())).isInstanceOf(UserError.class)
                .hasMessageContaining("none of 3 images could be segmented; first: ");
        assertThat(tables()).isEqualTo(before);
    }

    @Test
    void promptsForNoneOfTheImagesChangeNothing() throws IOException {
        run((file, image) -> placed());
        Map<String, String> before = tables();
        PromptsFile others = new PromptsFile(Map.of("hand.png", placed().bones()));
        assertThatThrownBy(() -> run(Prompting.from(others))).isInstanceOf(UserError.class)
                .hasMessageContaining("as 0/hand.png").hasMessageContaining("given hand.png first");
        assertThat(tables()).isEqualTo(before);
        assertThat(out.resolve("masks/1%2Fhand%2Epng_mc3.png")).isNotEmptyFile();
    }

    @Test
    void promptsOfAnImageThatFailedAreKeptBeside() throws IOException {
        run((file, image) -> placed());
        PromptsFile before = PromptsFile.read(out.resolve("prompts.json"));
        Files.writeString(images.resolve("1/hand.png"), "no picture");
        for (int i = 0; i < 2; i++) {
            assertThat(run((file, image) -> placed()).failed()).hasSize(1);
            assertThat(PromptsFile.read(out.resolve("prompts.json")).images()).containsOnlyKeys("0/hand.png",
                    "2/hand.png");
            assertThat(PromptsFile.read(out.resolve("prompts-before.json"))).isEqualTo(before);
        }
    }

    @Test
    void thereIsOneLineToLookAtForABone() throws IOException {
        Segmentation.Outcome outcome = run((file, image) -> switch (file.charAt(0)) {
            case '0' -> new Prompting.Placed(placed().bones(), Map.of(Bone.MC3, 0.1), Map.of(Bone.MC3, "doubtful",
                    Bone.ULNA, "not found"), List.of("another hand"));
            case '1' -> new Prompting.Placed(Map.of(), Map.of(), Map.of(), List.of("no prompts in the file"));
            default -> placed();
        });
        assertThat(outcome.attention()).filteredOn(line -> line.startsWith("0/hand.png, ulna"))
                .containsExactly("0/hand.png, ulna: not found");
        assertThat(outcome.attention()).filteredOn(line -> line.startsWith("0/hand.png, mc3")).singleElement()
                .asString().startsWith("0/hand.png, mc3: doubtful");
        assertThat(outcome.attention()).contains("0/hand.png: another hand", "0/hand.png, mc1: no-prompt");
        assertThat(outcome.attention()).filteredOn(line -> line.startsWith("1/"))
                .containsExactly("1/hand.png: no prompts in the file");
        assertThat(outcome.attention()).filteredOn(line -> line.startsWith("2/"))
                .contains("2/hand.png, ulna: no-prompt").doesNotHaveDuplicates();
    }

    @Test
    void aPromptOutsideItsImageIsToldOnce() throws IOException {
        BonePrompt outside = BonePrompt.of(new PointPrompt(List.of(new Point(64, 3)), List.of()));
        Segmentation.Outcome outcome = run(Prompting.from(new PromptsFile(Map.of("0/hand.png",
                Map.of(Bone.MC1, outside)))));
        assertThat(outcome.failed()).containsExactly("--prompts: 0/hand.png, mc1: point [64, 3] lies outside the image "
                + "of 64 × 96; correct the prompt");
    }
}
