package dev.osteon.bench.peers.annotator;

import com.microsoft.playwright.Browser;
import com.microsoft.playwright.BrowserType;
import com.microsoft.playwright.Page;
import com.microsoft.playwright.Playwright;
import com.microsoft.playwright.Mouse;
import com.microsoft.playwright.options.BoundingBox;
import com.microsoft.playwright.options.MouseButton;
import dev.osteon.app.annotate.AnnotatorServer;
import dev.osteon.app.annotate.Workplace;
import dev.osteon.app.phantom.Bone;
import dev.osteon.app.segment.SamFiles;
import dev.osteon.bench.Machine;
import dev.osteon.bench.Results;
import dev.osteon.engine.tensor.Device;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * A person at the annotator's page: for each of seven bones three clicks on it and two beside it, {@value #PAUSE} ms
 * apart, so that masks in full quality are being computed meanwhile. Timed in the page, from the pointer going down to
 * the frame after the quick mask came.
 */
public final class AnnotatorClicks {

    private static final int PAUSE = 1500;
    private static final int SETTLING = 12_000;
    private static final int CLICKS = 5;
    private static final int ON_THE_BONE = 3;
    private static final double WANTED = 150;

    private static final String TIMER = """
            bone => {
              const row = document.querySelector(`#bones [data-bone="${bone}"]`);
              row.dataset.mask = "";
              window.shown = new Promise(resolve => {
                let start;
                document.querySelector("#view").addEventListener("pointerdown", () => { start = performance.now(); },
                  { once: true, capture: true });
                new MutationObserver((_, observer) => {
                  if (row.dataset.mask !== "preview") return;
                  observer.disconnect();
                  requestAnimationFrame(() => resolve(performance.now() - start));
                }).observe(row, { attributes: true });
              });
            }""";

    private AnnotatorClicks() {}

    /** Arguments: folder of radiographs, folder of the model, browser, result file, revision. */
    public static void main(String[] arguments) throws Exception {
        Path scratch = Files.createTempDirectory("osteon-annotator");
        List<Double> clicks;
        try (Workplace workplace = new Workplace(Path.of(arguments[0]), scratch.resolve("prompts.json"),
                        scratch.resolve("out"), SamFiles.in(Optional.of(Path.of(arguments[1]))), Device.CPU);
                AnnotatorServer server = new AnnotatorServer(workplace, 0, System.err);
                Playwright playwright = Playwright.create(new Playwright.CreateOptions().setEnv(
                        Map.of("PLAYWRIGHT_SKIP_BROWSER_DOWNLOAD", "1")))) {
            Browser browser = playwright.chromium().launch(new BrowserType.LaunchOptions()
                    .setExecutablePath(Path.of(arguments[2])).setArgs(List.of("--no-sandbox", "--disable-gpu")));
            Page page = browser.newPage(new Browser.NewPageOptions().setViewportSize(1400, 900));
            page.navigate(server.address().toString());
            page.waitForFunction("() => document.querySelector('#status').textContent.startsWith('Ready')", null,
                    new Page.WaitForFunctionOptions().setTimeout(10 * SETTLING));
            page.waitForTimeout(SETTLING);
            page.keyboard().press("h");     // no masks under the cursor: what is timed is the click's
            clicks = clicks(page);
        }
        List<Double> sorted = clicks.stream().sorted().toList();
        Map<String, Object> result = new LinkedHashMap<>();
        result.put("what", "ms from a click on the annotator's page to the frame with its quick mask");
        result.put("command", "bench/annotator IMAGES");
        result.put("revision", arguments[4]);
        result.put("machine", Machine.describe() + ", Chromium without a GPU");
        result.put("clicks", clicks.size());
        result.put("median", sorted.get(sorted.size() / 2));
        result.put("ninetieth_percentile", sorted.get(sorted.size() * 9 / 10));
        result.put("largest", sorted.getLast());
        result.put("within_150_ms", clicks.stream().filter(ms -> ms <= WANTED).count());
        result.put("ms", clicks);
        Results.write(result, Path.of(arguments[3]));
    }

    private static List<Double> clicks(Page page) {
        BoundingBox box = page.locator("#view").boundingBox();
        List<Double> clicks = new ArrayList<>();
        for (Bone bone : Bone.values()) {
            page.keyboard().press(Integer.toString(bone.ordinal() + 1));
            for (int i = 0; i < CLICKS; i++) {
                page.mouse().move(box.x + box.width * (0.4 + 0.03 * bone.ordinal()),
                        box.y + box.height * (0.35 + 0.06 * i));
                page.evaluate(TIMER, bone.label());
                MouseButton button = i < ON_THE_BONE ? MouseButton.LEFT : MouseButton.RIGHT;
                page.mouse().down(new Mouse.DownOptions().setButton(button));
                page.mouse().up(new Mouse.UpOptions().setButton(button));
                double ms = ((Number) page.evaluate("() => window.shown")).doubleValue();
                clicks.add(Math.round(10 * ms) / 10.0);
                page.waitForTimeout(PAUSE);
            }
        }
        return clicks;
    }
}
