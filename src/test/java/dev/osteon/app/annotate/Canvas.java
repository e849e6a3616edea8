package dev.osteon.app.annotate;

import static org.assertj.core.api.Assertions.assertThat;

import com.microsoft.playwright.Mouse;
import com.microsoft.playwright.Page;
import com.microsoft.playwright.options.BoundingBox;
import com.microsoft.playwright.options.MouseButton;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Where the image's pixels are on the page, found as a person does: by what the page says of the cursor. */
final class Canvas {

    static final Pattern POSITION = Pattern.compile("x (\\d+), y (\\d+),");

    private final Page page;
    private final double scale;
    private final double left;
    private final double top;

    Canvas(Page page) {
        this.page = page;
        BoundingBox box = page.locator("#view").boundingBox();
        double x = box.x + box.width / 2;
        double y = box.y + box.height / 2;
        int[] a = at(x - 100, y - 200);
        int[] b = at(x + 100, y + 200);
        scale = 400.0 / (b[1] - a[1]);
        left = x - 100 - (a[0] + 0.5) * scale;
        top = y - 200 - (a[1] + 0.5) * scale;
    }

    private int[] at(double x, double y) {
        page.mouse().move(x, y);
        Matcher position = POSITION.matcher(page.locator("#position").textContent());
        assertThat(position.find()).isTrue();
        return new int[] {Integer.parseInt(position.group(1)), Integer.parseInt(position.group(2))};
    }

    void moveTo(double x, double y) {
        page.mouse().move(left + x * scale, top + y * scale);
    }

    void click(double x, double y, MouseButton button) {
        page.mouse().click(left + x * scale, top + y * scale,
                new Mouse.ClickOptions().setButton(button));
    }

    void drag(double x, double y, double toX, double toY, MouseButton button) {
        page.mouse().move(left + x * scale, top + y * scale);
        page.mouse().down(new Mouse.DownOptions().setButton(button));
        page.mouse().move(left + (x + toX) / 2 * scale, top + (y + toY) / 2 * scale);
        page.mouse().move(left + toX * scale, top + toY * scale);
        page.mouse().up(new Mouse.UpOptions().setButton(button));
    }
}
