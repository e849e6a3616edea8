package dev.osteon.app.annotate;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.microsoft.playwright.Browser;
import com.microsoft.playwright.BrowserType;
import com.microsoft.playwright.Page;
import com.microsoft.playwright.Playwright;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** Debian's Chromium, or what {@code -Dosteon.chromium} names; without one a test is skipped, but not on CI. */
final class Chromium implements AutoCloseable {

    private final Playwright playwright;
    private final Browser browser;
    private final List<String> complaints = new ArrayList<>();

    private Chromium(Path program) {
        playwright = Playwright.create(new Playwright.CreateOptions().setEnv(
                Map.of("PLAYWRIGHT_SKIP_BROWSER_DOWNLOAD", "1")));
        browser = playwright.chromium().launch(new BrowserType.LaunchOptions().setExecutablePath(program)
                .setArgs(List.of("--no-sandbox", "--disable-gpu", "--disable-background-networking",
                        "--disable-component-update", "--disable-sync")));
    }

    static Chromium start() {
        Path program = Path.of(System.getProperty("osteon.chromium", "/usr/bin/chromium"));
        boolean there = Files.isExecutable(program);
        if (!there && "true".equals(System.getenv("CI"))) {
            throw new AssertionError("no " + program + "; .ci/run installs it");
        }
        assumeTrue(there, "no " + program + " (install chromium, or set -Dosteon.chromium): the page is not checked");
        return new Chromium(program);
    }

    /**
     * A page of its own, and complaints of its own.
     *
     * @param expected statuses of answers that are no complaint
     */
    Page open(URI address, Set<Integer> expected) {
        complaints.clear();
        Page page = browser.newPage(new Browser.NewPageOptions().setViewportSize(1400, 900));
        page.onRequest(request -> {
            if (!request.url().startsWith(address.toString()) && !request.url().startsWith("data:")) {
                complaints.add("asked for " + request.url());
            }
        });
        page.onConsoleMessage(message -> {
            if (message.type().equals("error") && expected.stream().noneMatch(status ->
                    message.text().contains("status of " + status))) {
                complaints.add(message.text());
            }
        });
        page.onPageError(complaints::add);
        page.navigate(address.toString());
        return page;
    }

    /** Errors of the page, and requests that went elsewhere. */
    List<String> complaints() {
        return List.copyOf(complaints);
    }

    @Override
    public void close() {
        playwright.close();
    }
}
