package dev.osteon.app.annotate;

import static com.microsoft.playwright.assertions.PlaywrightAssertions.assertThat;
import static org.assertj.core.api.Assertions.assertThat;

import com.microsoft.playwright.Locator;
import com.microsoft.playwright.Page;
import com.microsoft.playwright.options.MouseButton;
import dev.osteon.app.image.GrayImage;
import dev.osteon.app.image.ImageFiles;
import dev.osteon.app.phantom.Bone;
import dev.osteon.app.segment.BonePrompt;
import dev.osteon.app.segment.PromptsFile;
import dev.osteon.app.segment.SamFiles;
import dev.osteon.app.segment.Stroke;
import dev.osteon.engine.tensor.Device;
import dev.osteon.models.sam.Point;
import dev.osteon.nn.SharedData;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What the page does when the encoder is slow, the disk full, another window or program at work, a gesture broken. */
class AnnotatorPageTest {

    private static final int WIDTH = 200;
    private static final int HEIGHT = 150;

    private static Chromium chromium;

    @TempDir
    Path folder;

    private Workplace workplace;
    private ScriptedApi api;
    private AnnotatorServer server;
    private Page page;

    @BeforeAll
    static void startBrowser() {
        chromium = Chromium.start();
    }

    @AfterAll
    static void stopBrowser() {
        if (chromium != null) {
            chromium.close();
        }
    }

    @BeforeEach
    void start() throws IOException {
        Path images = Files.createDirectories(folder.resolve("images"));
        short[] samples = new short[WIDTH * HEIGHT];
        for (int i = 0; i < samples.length; i++) {
            samples[i] = (short) (50 + i % WIDTH);
        }
        for (String name : List.of("a.png", "b.png", "d.png")) {
            ImageFiles.writePng(GrayImage.of(WIDTH, HEIGHT, 8, samples), images.resolve(name));
        }
        Files.writeString(images.resolve("c_broken.png"), "no picture");
        workplace = new Workplace(images, prompts(), folder.resolve("out"),
                SamFiles.in(Optional.of(SharedData.folder("sam"))), Device.CPU);
        api = new ScriptedApi(new Api(workplace)::answer);
        server = new AnnotatorServer(api, 0, System.err);
    }

    @AfterEach
    void stop() {
        if (page != null) {
            page.close();
        }
        server.close();
        workplace.close();
        assertThat(chromium.complaints()).isEmpty();
    }

    private Path prompts() {
        return folder.resolve("prompts.json");
    }

    private Map<Bone, BonePrompt> saved(String image) {
        return Files.exists(prompts()) ? PromptsFile.read(prompts()).images().getOrDefault(image, Map.of()) : Map.of();
    }

    private void openPage(Integer... expected) {
        page = chromium.open(server.address(), Set.of(expected));
        assertThat(page.locator("#file")).containsText("a.png");
    }

    private void choose(String image) {
        page.locator("#images button", new Page.LocatorOptions().setHasText(image)).click();
    }

    private void chooseAndSee(String image) {
        choose(image);
        assertThat(page.locator("#file")).containsText(image);
    }

    private Locator bone(String name) {
        return page.locator("[data-bone=" + name + "]");
    }

    private void click(double x, double y) {
        new Canvas(page).click(x, y, MouseButton.LEFT);
    }

    private void screenshot(String name) {
        page.screenshot(new Page.ScreenshotOptions().setPath(Path.of("target/annotator", name + ".png")));
    }

    @Test
    void pointsPlacedBeforeTheEncoderIsReadyGetTheirMasksAfterIt() {
        api.hold("GET api/images/0/embedding");
        openPage();
        click(100, 70);
        assertThat(bone("radius")).containsText("1 + 0 points");
        assertThat(page.locator("#saved")).hasText("Saved");
        assertThat(saved("a.png")).containsOnlyKeys(Bone.RADIUS);
        assertThat(api.asked("POST api/images/0/mask")).isZero();
        api.release("GET api/images/0/embedding");
        assertThat(bone("radius")).hasAttribute("data-mask", "final");
    }

    @Test
    void masksOfAnEarlierRadiographAreNeitherAskedForNorShown() {
        openPage();
        assertThat(page.locator("#status")).containsText("Ready");
        api.hold("POST api/images/0/mask");
        long before = api.asked("POST api/images/0/mask");
        click(100, 70);
        page.waitForCondition(() -> api.asked("POST api/images/0/mask") == before + 1);
        api.hold("GET api/images/1/embedding");
        chooseAndSee("b.png");
        click(60, 40);
        assertThat(bone("radius")).containsText("1 + 0 points");
        page.waitForResponse("**/images/0/mask", () -> api.release("POST api/images/0/mask"));
        page.evaluate("() => new Promise(resolve => requestAnimationFrame(() => setTimeout(resolve)))");
        assertThat(bone("radius")).hasAttribute("data-mask", "");
        assertThat(api.asked("POST api/images/0/mask")).isEqualTo(before + 1);
        api.release("GET api/images/1/embedding");
        assertThat(bone("radius")).hasAttribute("data-mask", "final");
        assertThat(saved("b.png")).containsOnlyKeys(Bone.RADIUS);
    }

    @Test
    void whatCannotBeSavedIsKeptUntilItIs() {
        openPage(500);
        api.fillDisk();
        click(100, 70);
        assertThat(page.locator("#unsaved-reason")).containsText("No space left on device; free some space");
        assertThat(page.locator("#saved")).hasText("Not saved");
        assertThat(bone("radius")).hasAttribute("data-mask", "final");      // nothing else is said after that
        screenshot("disk-full");
        choose("b.png");
        assertThat(page.locator("#status")).containsText("a.png stays open, since its changes are not saved");
        assertThat(page.locator("#file")).containsText("a.png");
        assertThat(api.asked("GET api/images/1")).isZero();
        page.locator("#export").click();
        page.locator("#export-start").click();
        assertThat(page.locator("#export-status")).containsText("Not exported, since changes are not saved: ");
        assertThat(api.asked("POST api/export")).isZero();
        page.locator("#export-dialog [value=close]").click();
        assertThat(bone("radius")).containsText("1 + 0 points");
        assertThat(saved("a.png")).isEmpty();

        api.makeRoom();
        page.locator("#save-again").click();
        assertThat(page.locator("#saved")).hasText("Saved");
        assertThat(page.locator("#unsaved")).isHidden();
        assertThat(saved("a.png")).containsOnlyKeys(Bone.RADIUS);
        api.fillDisk();
        click(60, 40);
        assertThat(page.locator("#unsaved")).isVisible();
        api.makeRoom();
        chooseAndSee("b.png");      // which tries once more
        assertThat(saved("a.png").get(Bone.RADIUS).points().positive()).hasSize(2);
    }

    @Test
    void whatCannotBeSavedCanBeDiscardedAndComesBackByUndo() {
        openPage(500);
        api.fillDisk();
        click(100, 70);
        page.locator("#discard").click();
        assertThat(page.locator("#unsaved")).isHidden();
        assertThat(page.locator("#saved")).hasText("Saved");
        assertThat(bone("radius")).not().containsText("points");
        api.makeRoom();
        page.keyboard().press("z");
        assertThat(bone("radius")).containsText("1 + 0 points");
        assertThat(page.locator("#saved")).hasText("Saved");
        assertThat(saved("a.png")).containsOnlyKeys(Bone.RADIUS);
    }

    private void anotherWindowSaves(String image, String bone) throws IOException {
        PromptsStore store = workplace.store();
        Path theirs = Files.writeString(folder.resolve("theirs.json"), "{\"version\":1,\"images\":[{\"file\":\"" + image
                + "\",\"bones\":{\"" + bone + "\":{\"positive\":[[1,2]]}}}]}");
        store.save(image, PromptsFile.read(theirs).images().get(image), store.revision(image));
    }

    @Test
    void aConflictEndsWithTheirsAndUndoBringsMineBack() throws IOException {
        openPage(409);
        anotherWindowSaves("a.png", "mc3");
        click(100, 70);
        assertThat(page.locator("#unsaved-reason")).containsText("a.png was changed in another window");
        assertThat(page.locator("#discard")).isHidden();
        assertThat(bone("radius")).hasAttribute("data-mask", "final");
        screenshot("conflict");
        choose("b.png");
        assertThat(page.locator("#status")).containsText("a.png stays open");
        page.locator("#take-theirs").click();
        assertThat(page.locator("#unsaved")).isHidden();
        assertThat(bone("mc3")).containsText("1 + 0 points");
        assertThat(bone("radius")).not().containsText("points");
        assertThat(saved("a.png")).containsOnlyKeys(Bone.MC3);
        page.keyboard().press("z");
        assertThat(bone("radius")).containsText("1 + 0 points");
        assertThat(page.locator("#saved")).hasText("Saved");
        assertThat(saved("a.png")).containsOnlyKeys(Bone.RADIUS);
    }

    @Test
    void aConflictEndsWithMine() throws IOException {
        openPage(409);
        anotherWindowSaves("a.png", "mc3");
        click(100, 70);
        page.locator("#save-mine").click();
        assertThat(page.locator("#unsaved")).isHidden();
        assertThat(page.locator("#saved")).hasText("Saved");
        assertThat(saved("a.png")).containsOnlyKeys(Bone.RADIUS);
    }

    @Test
    void promptsAreCopiedToTheRadiographThatWasOpenWhenTheyWereChosen() {
        openPage();
        click(100, 70);
        assertThat(page.locator("#saved")).hasText("Saved");
        chooseAndSee("b.png");
        page.keyboard().press("c");
        api.hold("GET api/images/0");
        long before = api.asked("GET api/images/0");
        page.locator("#copy-dialog [value=copy]").click();
        page.waitForCondition(() -> api.asked("GET api/images/0") == before + 1);
        chooseAndSee("d.png");
        page.waitForResponse("**/images/0", () -> api.release("GET api/images/0"));
        page.evaluate("() => new Promise(resolve => requestAnimationFrame(() => setTimeout(resolve)))");
        assertThat(bone("radius")).not().containsText("points");
        assertThat(saved("d.png")).isEmpty();
    }

    @Test
    void escapeClosesTheCopyDialogWithoutCopyingAgain() {
        openPage();
        click(100, 70);
        assertThat(page.locator("#saved")).hasText("Saved");
        chooseAndSee("b.png");
        page.keyboard().press("c");
        page.locator("#copy-dialog [value=copy]").click();
        assertThat(bone("radius")).containsText("1 + 0 points");
        page.keyboard().press("z");
        assertThat(bone("radius")).not().containsText("points");
        long before = api.asked("GET api/images/0");
        page.keyboard().press("c");
        assertThat(page.locator("#copy-dialog")).isVisible();
        page.keyboard().press("Escape");
        assertThat(page.locator("#copy-dialog")).isHidden();
        page.keyboard().press("7");
        click(60, 40);
        assertThat(bone("mc5")).hasAttribute("data-mask", "final");
        assertThat(api.asked("GET api/images/0")).isEqualTo(before);
        assertThat(bone("radius")).not().containsText("points");
    }

    @Test
    void aGestureThatIsBrokenOffMovesNothing() {
        openPage();
        Canvas canvas = new Canvas(page);
        canvas.click(100, 70, MouseButton.LEFT);
        assertThat(page.locator("#saved")).hasText("Saved");
        Map<Bone, BonePrompt> before = saved("a.png");
        for (String end : List.of("pointercancel", "Escape")) {
            canvas.moveTo(100, 70);
            page.mouse().down();
            canvas.moveTo(120, 90);
            page.keyboard().press("x");     // must not clear the bone under the drag
            if (end.equals("Escape")) {
                page.keyboard().press(end);
            } else {
                page.evaluate("type => document.querySelector('#view').dispatchEvent(new PointerEvent(type, "
                        + "{ pointerId: 1, isPrimary: true }))", end);
            }
            canvas.moveTo(130, 95);
            page.mouse().up();
            assertThat(bone("radius")).containsText("1 + 0 points");
            assertThat(page.locator("#undo")).isEnabled();
            page.keyboard().press("b");
            canvas.moveTo(20, 20);
            page.mouse().down();
            canvas.moveTo(40, 20);
            page.evaluate("type => document.querySelector('#view').dispatchEvent(new PointerEvent(type, "
                    + "{ pointerId: 1, isPrimary: true }))", "pointercancel");
            page.mouse().up();
            assertThat(bone("radius")).not().containsText("stroke");
            page.keyboard().press("p");
        }
        page.keyboard().press("z");         // the only change there is
        assertThat(bone("radius")).not().containsText("points");
        page.keyboard().press("y");
        assertThat(page.locator("#saved")).hasText("Saved");
        assertThat(saved("a.png")).isEqualTo(before);
    }

    @Test
    void aStrokeHasNoMorePointsThanItsRadiusCanShow() {
        openPage();
        Canvas canvas = new Canvas(page);
        canvas.click(100, 70, MouseButton.LEFT);
        page.keyboard().press("b");
        canvas.moveTo(40, 60);
        page.mouse().down();
        for (int i = 0; i <= 300; i++) {
            canvas.moveTo(40 + i * 0.4, 60);
        }
        page.mouse().up();
        assertThat(bone("radius")).containsText("1 stroke");
        assertThat(page.locator("#saved")).hasText("Saved");
        Stroke stroke = saved("a.png").get(Bone.RADIUS).strokes().getFirst();
        assertThat(stroke.radius()).isEqualTo(8);
        assertThat(stroke.points()).hasSizeBetween(40, 62);     // 120 pixels, a quarter of the radius apart
        assertThat(stroke.points().getFirst().distance(new Point(40, 60))).isLessThan(0.5);
        assertThat(stroke.points().getLast().distance(new Point(160, 60))).isLessThan(0.5);
    }

    @Test
    void aStrokeIsBoundedHoweverLongItIsAndPromptsTooLargeAreRefused() {
        openPage();
        assertThat(((Number) page.evaluate("""
                async () => {
                  const { StrokePath } = await import(new URL("stroke.js", document.baseURI));
                  const path = new StrokePath(1, [0, 0]);
                  for (let i = 1; i <= 100000; i++) path.add([i, 20 * (i % 2)]);
                  const points = path.end();
                  return points.at(-1)[0] === 100000 ? points.length : -1;
                }""")).intValue()).isBetween(1000, 2000);
        assertThat(page.evaluate("""
                async () => {
                  const { Session } = await import(new URL("session.js", document.baseURI));
                  const image = { file: "x.png", width: 9, height: 9, bits: 8, revision: 0,
                    bones: { ulna: { positive: [[1, 1]], negative: [] } } };
                  const session = new Session(0, image, () => {}, () => Promise.resolve());
                  const points = Array.from({ length: 90000 }, () => [1234.5, 1234.5]);
                  try {
                    session.changeBone("brush", "ulna", bone => {
                      bone.strokes = [{ tool: "brush", radius: 1, points }];
                    });
                    return "taken";
                  } catch (error) {
                    return `${error.message} ${session.past.length} ${JSON.stringify(session.bones)}`;
                  }
                }""")).asString().contains("x.png has too many strokes to be saved; undo some, or clear a bone",
                        " 0 {\"ulna\":{\"positive\":[[1,1]],\"negative\":[]}}");
    }

    @Test
    void theWorkOfTheListGrowsWithTheFolderAndNoMore() {
        openPage();
        List<?> looked = (List<?>) page.evaluate("""
                async () => {
                  const { ImageList } = await import(new URL("list.js", document.baseURI));
                  let looked = 0;
                  const images = Array.from({ length: 1000 }, (_, n) => ({
                    file: `${n}.png`, has: n < 3 ? ["ulna"] : [],
                    get bones() { looked++; return this.has; },
                    set bones(now) { this.has = now; },
                  }));
                  const asked = [];
                  const list = new ImageList({ bones: [{ name: "ulna", colour: "#fff" }], images }, n => asked.push(n));
                  const opening = looked;
                  const before = document.querySelector("#progress-text").textContent;
                  list.update(7, ["ulna"]);
                  const change = looked - opening;
                  list.update(0, []);
                  list.update(1, []);
                  const after = document.querySelector("#progress-text").textContent;
                  const rows = () => [...document.querySelectorAll("#images button")].map(row => row.title);
                  const atTop = rows();
                  list.select(999);
                  const atEnd = rows();
                  document.querySelector("#filter").value = "77";
                  list.filter();
                  const filtered = rows();
                  list.step(-1);
                  list.step(-1);
                  return [opening, change, before, after, atTop, atEnd, filtered, asked];
                }""");
        assertThat((int) looked.get(0)).isBetween(1000, 4000);
        assertThat((int) looked.get(1)).isBetween(1, 4);
        assertThat(looked.get(2)).isEqualTo("3 of 1000 radiographs, 3 bones");
        assertThat(looked.get(3)).isEqualTo("2 of 1000 radiographs, 2 bones");
        assertThat((List<?>) looked.get(4)).hasSizeBetween(10, 60).first().isEqualTo("0.png");
        assertThat((List<?>) looked.get(5)).hasSizeBetween(10, 60).last().isEqualTo("999.png");
        assertThat((List<?>) looked.get(6)).hasSize(19).first().isEqualTo("77.png");
        assertThat((List<?>) looked.get(7)).isEqualTo(List.of(977, 877));
    }

    @Test
    void anUnreadableRadiographIsPassedByTheKeyboard() {
        openPage(422);
        click(100, 70);
        page.keyboard().press("PageDown");
        assertThat(page.locator("#file")).containsText("b.png");
        page.keyboard().press("PageDown");
        assertThat(page.locator("#file")).containsText("c_broken.png");
        assertThat(page.locator("#empty")).isVisible();
        assertThat(page.locator("#status")).containsText("not in a known image format");
        screenshot("unreadable");
        page.keyboard().press("x");
        page.keyboard().press("3");
        page.keyboard().press("PageDown");
        assertThat(page.locator("#file")).containsText("d.png");
        click(60, 40);
        assertThat(bone("mc1")).containsText("1 + 0 points");
        page.keyboard().press("PageUp");
        page.keyboard().press("PageUp");        // before the first of them has been answered
        assertThat(page.locator("#file")).containsText("b.png");
        assertThat(saved("d.png")).containsOnlyKeys(Bone.MC1);
        assertThat(saved("a.png")).containsOnlyKeys(Bone.RADIUS);
    }
}
