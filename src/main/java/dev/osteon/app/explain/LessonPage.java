package dev.osteon.app.explain;

import dev.osteon.app.report.Page;
import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;

/** A {@link Lesson} as one self-contained page: a card for each step, then the gradient, then the class itself. */
final class LessonPage {

    private static final String STYLE = HeatSvg.STYLE + """
            .formula{font:17px/1.7 "STIX Two Math","Cambria Math",Georgia,serif;margin:2px 0 8px}
            .formula sub{font-size:70%}
            .text{max-width:80ch}.code{border-left:3px solid var(--line);margin:14px 0 0;padding:2px 0 2px 12px}
            .code .place{font-size:12.5px;color:var(--muted)}.code pre{font:12.5px/1.55 ui-monospace,monospace}
            .code i{font-style:normal;color:var(--muted);user-select:none}
            .facts{width:auto}.facts td{padding-right:26px}nav ol{margin:4px 0;padding-left:22px;columns:2}
            @media(max-width:760px){nav ol{columns:1}}
            """;

    private final Lesson lesson;
    private final Page page;

    LessonPage(Lesson lesson) {
        this.lesson = lesson;
        page = new Page(lesson.title() + ", step by step", STYLE);
    }

    String html() {
        head();
        int number = 1;
        for (Step step : lesson.steps()) {
            step(number++, step);
        }
        gradient();
        code();
        return page.html();
    }

    private void head() {
        Example example = lesson.example();
        page.raw("<p class=\"text\">" + Page.escape(lesson.purpose()) + "</p>\n");
        page.muted(String.format(Locale.ROOT, "osteon explain %s --batch %d --dim %d --seed %d", lesson.name().label(),
                example.batch(), example.dim(), example.seed()));
        page.card("What comes out").raw("<table class=\"facts\">");
        fact("batch", "N = " + example.batch() + " samples in two views, A and B; embeddings of d = " + example.dim()
                + " dimensions; float64");
        fact("settings", lesson.settings().entrySet().stream().map(s -> s.getKey() + " = " + s.getValue())
                .collect(Collectors.joining(", ")));
        fact("loss by the class that trains", exact(lesson.loss()));
        fact("loss by the steps below", exact(lesson.walked()));
        fact("gradient, largest |autograd − central difference|",
                String.format(Locale.ROOT, "%.2e", lesson.largestDisagreement()));
        page.raw("</table><nav><h3>Steps</h3><ol>");
        for (int i = 0; i < lesson.steps().size(); i++) {
            page.raw("<li><a href=\"#step" + (i + 1) + "\">" + Page.escape(lesson.steps().get(i).name())
                    + "</a></li>");
        }
        page.raw("<li><a href=\"#gradient\">Gradient</a></li></ol></nav>")
                .muted("Colours: orange above zero, blue below, the page's own at zero; each matrix has its own scale, "
                        + "given under it. N, d and the views are as in docs/losses/" + lesson.name().label()
                        + ".md, which has the derivation.").end();
    }

    private static String exact(double value) {
        return String.format(Locale.ROOT, "%.12f", value);
    }

    private void fact(String name, String value) {
        page.raw("<tr><th>" + Page.escape(name) + "</th><td class=\"number\">" + Page.escape(value) + "</td></tr>");
    }

    private void step(int number, Step step) {
        open("step" + number, number + ". " + step.name());
        formula(step.formula());
        page.raw("<p class=\"text\">" + Page.escape(step.text()) + "</p>");
        figures(step.shown());
        excerpt(step.code());
        page.end();
    }

    private void open(String id, String heading) {
        page.raw("<div id=\"" + id + "\"></div>").card(heading);
    }

    /** {@code _x} and {@code _{…}} are subscripts, several spaces a gap. */
    private void formula(String text) {
        page.raw("<p class=\"formula\">" + Page.escape(text).replaceAll("_\\{([^}]*)}|_(\\w+)",
                "<sub>$1$2</sub>").replace("   ", "&emsp;&emsp;").replace("  ", "&emsp;") + "</p>");
    }

    private void figures(List<Heat> shown) {
        page.raw("<div class=\"figures\">");
        shown.forEach(heat -> page.raw(new HeatSvg(heat).html()));
        page.raw("</div>\n");
    }

    private void excerpt(Excerpt excerpt) {
        int width = String.valueOf(excerpt.lines().getLast().number()).length();
        page.raw("<div class=\"code\"><div class=\"place\">" + Page.escape(excerpt.place()) + "</div><pre>");
        excerpt.lines().forEach(line -> page.raw(String.format(Locale.ROOT, "<i>%" + width + "d</i>  %s\n",
                line.number(), Page.escape(line.text()))));
        page.raw("</pre></div>\n");
    }

    private void gradient() {
        LossGradient gradient = lesson.gradient();
        Axis rows = Axis.bothViews(lesson.example().batch());
        Axis dimensions = Axis.dimensions(lesson.example().dim());
        open("gradient", "Gradient with respect to the embeddings");
        formula("∂L/∂eᵢⱼ  beside  [L(eᵢⱼ + h) − L(eᵢⱼ − h)] / 2h   [2N, d]");
        page.raw("<p class=\"text\">First what the engine's reverse-mode autograd gives for the class that trains; "
                + "then from the loss computed twice for each element, moved up and down by h = 10⁻⁶ max(1, |eᵢⱼ|); "
                + "last their difference, on a scale of its own. An optimiser moves embeddings against the gradient."
                + "</p>");
        lesson.heldBack().ifPresent(what -> page.raw("<p class=\"text\">The " + Page.escape(what) + " are held as they "
                + "are: no gradient flows through them, so the differences are taken with the same " + Page.escape(what)
                + " on both sides.</p>"));
        figures(List.of(Heat.of("autograd", rows, dimensions, gradient.tape()),
                Heat.of("central differences", rows, dimensions, gradient.differences()),
                Heat.of("difference of the two", rows, dimensions, gradient.disagreement())));
        page.raw(String.format(Locale.ROOT, "<p>The largest |difference| is <b>%.2e</b>.</p>",
                gradient.largestDisagreement()));
        gradient.unheld().ifPresent(whole -> unheld(gradient, whole, rows, dimensions));
        page.end();
    }

    private void unheld(LossGradient gradient, double[] whole, Axis rows, Axis dimensions) {
        String what = lesson.heldBack().orElseThrow();
        page.heading("Had the gradient flowed through the " + what);
        page.raw(String.format(Locale.ROOT, "<p class=\"text\">The same differences with the %s computed anew each "
                + "time: another gradient, off by up to %.2e. A check that forgot to hold the %s would call a right "
                + "gradient wrong.</p>", Page.escape(what), gradient.largestUnheld().orElseThrow(), Page.escape(what)));
        figures(List.of(Heat.of("central differences of everything", rows, dimensions, whole)));
    }

    private void code() {
        page.card("The class that trains");
        page.raw("<p class=\"text\">The loss above is this code's, called with this batch; the steps have to give the "
                + "same, or this page is not written.</p>");
        lesson.code().forEach(this::excerpt);
        page.end();
    }
}
