package dev.osteon.app.annotate;

import static com.microsoft.playwright.assertions.PlaywrightAssertions.assertThat;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.microsoft.playwright.Download;
import com.microsoft.playwright.Locator;
import com.microsoft.playwright.Page;
import com.microsoft.playwright.assertions.LocatorAssertions;
import com.microsoft.playwright.options.MouseButton;
import dev.osteon.app.image.ImageFiles;
import dev.osteon.app.phantom.Bone;
import dev.osteon.app.segment.BonePrompt;
import dev.osteon.app.segment.Mask;
import dev.osteon.app.segment.PromptsFile;
import dev.osteon.app.segment.SamFiles;
import dev.osteon.app.segment.Stroke;
import dev.osteon.engine.tensor.Device;
import dev.osteon.nn.SharedData;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import java.util.zip.ZipFile;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * A person at the annotator's page, in a real browser, with a child's wrist. Pictures of the page are left in {@code
 * target/annotator}.
 */
class AnnotatorBrowserTest {

    private static final String WRIST = "2024_0939605258_01_WRI-L1_M013.png";
    /** A whole hand: in a wrist alone automatic prompts find nothing. */
    private static final String HAND = "hand05.jpg";
    private static final double PATIENCE = 120_000;
    private static final LocatorAssertions.HasAttributeOptions SOON =
            new LocatorAssertions.HasAttributeOptions().setTimeout(PATIENCE);
    private static final LocatorAssertions.ContainsTextOptions TEXT_SOON =
            new LocatorAssertions.ContainsTextOptions().setTimeout(PATIENCE);

    @TempDir
    Path folder;

    private Path graz;
    private Workplace workplace;
    private AnnotatorServer server;
    private Chromium chromium;
    private Page page;

    @BeforeEach
    void open() throws IOException {
        chromium = Chromium.start();
        graz = SharedData.folder("graz");
        Path images = Files.createDirectories(folder.resolve("images"));
        Files.copy(graz.resolve("images").resolve(WRIST), images.resolve(WRIST));
        Files.copy(SharedData.folder("hands").resolve(HAND), images.resolve(HAND));
        Files.writeString(images.resolve("3_broken.png"), "no picture");
        workplace = new Workplace(images, prompts(), folder.resolve("masks"),
                SamFiles.in(Optional.of(SharedData.folder("sam"))), Device.CPU);
        server = new AnnotatorServer(workplace, 0, System.err);
        page = chromium.open(server.address(), Set.of(422));     // the broken picture's answer
    }

    @AfterEach
    void close() {
        if (chromium != null) {
            chromium.close();
        }
        if (server != null) {
            server.close();
        }
        if (workplace != null) {
            workplace.close();
        }
    }

    private Path prompts() {
        return folder.resolve("prompts.json");
    }

    private Map<Bone, BonePrompt> saved(String image) {
        return PromptsFile.read(prompts()).images().get(image);
    }

    @Test
    void promptsBecomeMasksThatAreSavedReloadedAndExported() throws IOException {
        choose(WRIST);
        Canvas canvas = new Canvas(page);
        page.keyboard().press("2");
        JsonNode radius = reference("Radius");
        for (JsonNode point : radius.get("points_px")) {
            canvas.click(point.get(0).asDouble(), point.get(1).asDouble(),
                    point.get(2).asInt() == 1 ? MouseButton.LEFT : MouseButton.RIGHT);
        }
        assertThat(bone("radius")).hasAttribute("data-mask", "final", SOON);
        assertThat(bone("radius")).containsText("3 + 3 points");
        assertThat(page.locator("#saved")).hasText("Saved");
        screenshot("radius");
        assertThat(saved(WRIST).get(Bone.RADIUS).points().positive()).hasSize(3);

        undoAndRedo(canvas, radius);
        brush(canvas, radius);
        Map<Bone, BonePrompt> before = saved(WRIST);

        page.reload();
        choose(WRIST);
        assertThat(bone("radius")).hasAttribute("data-mask", "final", SOON);
        assertThat(bone("radius")).containsText("4 + 3 points, 1 stroke");
        assertThat(saved(WRIST)).isEqualTo(before);

        Path zip = export();
        Mask truth = Mask.of(ImageFiles.read(graz.resolve("masks_png_2024/Radius.png")));
        Path mask = folder.resolve("radius.png");
        try (ZipFile file = new ZipFile(zip.toFile())) {
            Files.copy(file.getInputStream(file.getEntry("masks/" + WRIST.replace(".png", "_radius.png"))), mask);
            JsonNode coco = new ObjectMapper().readTree(file.getInputStream(file.getEntry("coco.json")));
            Mask exported = Mask.of(ImageFiles.read(mask));
            assertThat(exported.dice(truth)).isGreaterThan(0.9);
            assertThat(coco.at("/annotations/0/area").asInt()).isEqualTo(exported.area());
            assertThat(coco.at("/images/0/file_name").asText()).isEqualTo(WRIST);
            assertThat(file.stream()).hasSize(3);
        }
        assertThat(chromium.complaints()).isEmpty();
    }

    private void undoAndRedo(Canvas canvas, JsonNode radius) {
        double x = radius.at("/points_px/0/0").asDouble();
        double y = radius.at("/points_px/0/1").asDouble();
        canvas.drag(x, y, x + 20, y + 10, MouseButton.LEFT);
        assertThat(bone("radius")).hasAttribute("data-mask", "final", SOON);
        page.keyboard().press("z");
        assertThat(page.locator("#status")).containsText("Undone: move point");
        canvas.moveTo(x, y);
        page.keyboard().press("Delete");
        assertThat(bone("radius")).containsText("2 + 3 points");
        page.keyboard().press("Control+z");
        assertThat(bone("radius")).containsText("3 + 3 points");
        page.keyboard().press("z");   // the last negative point of before
        assertThat(bone("radius")).containsText("3 + 2 points");
        page.keyboard().press("Shift+Z");
        assertThat(bone("radius")).containsText("3 + 3 points");
    }

    /** A point by the keyboard alone, then a stroke with the eraser's right button. */
    private void brush(Canvas canvas, JsonNode radius) {
        double x = radius.at("/points_px/1/0").asDouble();
        double y = radius.at("/points_px/1/1").asDouble();
        page.locator("#view").focus();
        page.keyboard().press("ArrowLeft");
        page.keyboard().press("Shift+ArrowDown");
        Matcher at = Canvas.POSITION.matcher(page.locator("#position").textContent());
        assertThat(at.find()).isTrue();
        page.keyboard().press("Enter");
        assertThat(bone("radius")).containsText("4 + 3 points");
        page.keyboard().press("z");
        canvas.click(x + 8, y + 14, MouseButton.LEFT);
        page.keyboard().press("e");
        canvas.drag(x - 6, y, x + 6, y, MouseButton.RIGHT);
        assertThat(bone("radius")).containsText("4 + 3 points, 1 stroke");
        assertThat(bone("radius")).hasAttribute("data-mask", "final", SOON);
        assertThat(page.locator("#saved")).hasText("Saved");
        assertThat(saved(WRIST).get(Bone.RADIUS).strokes()).singleElement()
                .satisfies(stroke -> assertThat(stroke.tool()).isEqualTo(Stroke.Tool.BRUSH));
        page.keyboard().press("p");
    }

    private Path export() throws IOException {
        page.locator("#export").click();
        page.locator("#export-start").click();
        assertThat(page.locator("#export-status")).containsText("1 mask in", TEXT_SOON);
        assertThat(page.locator("#export-status")).containsText("3_broken.png");
        screenshot("export");
        Download download = page.waitForDownload(() -> page.locator("#export-download").click());
        Path zip = folder.resolve("masks.zip");
        download.saveAs(zip);
        page.locator("#export-dialog [value=close]").click();
        return zip;
    }

    @Test
    void promptsComeFromTheImageOrFromAnotherOneAndABrokenPictureIsTold() {
        choose(HAND);
        page.keyboard().press("a");
        assertThat(page.locator("#progress-text")).containsText("1 of 3 radiographs", TEXT_SOON);
        assertThat(page.locator("#saved")).hasText("Saved");
        Map<Bone, BonePrompt> placed = saved(HAND);
        assertThat(placed).isNotEmpty();
        choose(WRIST);
        page.keyboard().press("c");
        page.locator("#copy-dialog [value=copy]").click();
        assertThat(page.locator("#progress-text")).containsText("2 of 3 radiographs", TEXT_SOON);
        assertThat(page.locator("#saved")).hasText("Saved");
        assertThat(saved(WRIST)).hasSameSizeAs(placed);
        page.keyboard().press("z");
        assertThat(page.locator("#progress-text")).containsText("1 of 3 radiographs");

        page.locator("#images button", new Page.LocatorOptions().setHasText("3_broken.png")).click();
        assertThat(page.locator("#status")).containsText("not in a known image format");
        page.locator("#filter").fill("2024");
        assertThat(page.locator("#images li:visible")).hasCount(1);
        page.locator("#view").focus();
        page.keyboard().press("?");
        assertThat(page.locator("#help")).isVisible();
        screenshot("help");
        page.keyboard().press("Escape");
        assertThat(chromium.complaints()).isEmpty();
    }

    private void choose(String image) {
        page.locator("#images button", new Page.LocatorOptions().setHasText(image)).click();
        assertThat(page.locator("#file")).containsText(image);
        assertThat(page.locator("#status")).containsText(Pattern.compile("Ready|pixels|mask in"), TEXT_SOON);
    }

    private Locator bone(String name) {
        return page.locator("[data-bone=" + name + "]");
    }

    private JsonNode reference(String label) throws IOException {
        JsonNode cases = new ObjectMapper().readTree(SharedData.folder("sam").resolve("ref/graz2024/ref.json").toFile())
                .get("cases");
        return Stream.iterate(0, i -> i + 1).limit(cases.size()).map(cases::get)
                .filter(one -> one.get("label").asText().equals(label)).findFirst().orElseThrow();
    }

    private void screenshot(String name) {
        page.screenshot(new Page.ScreenshotOptions().setPath(Path.of("target/annotator", name + ".png")));
    }
}
