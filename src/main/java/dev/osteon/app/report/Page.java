package dev.osteon.app.report;

import java.util.List;

/** A self-contained page of cards with tables, charts and text, in the look of all reports. */
public final class Page {

    private final StringBuilder html;

    /** Starts a page with a heading. */
    public Page(String title) {
        this(title, "");
    }

    /** Starts a page with a heading and style rules of its own behind those of all pages. */
    public Page(String title, String style) {
        html = new StringBuilder("<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">")
                .append("<meta name=\"viewport\" content=\"width=device-width\"><title>").append(escape(title))
                .append("</title><style>").append(HtmlReport.STYLE).append("""
                        main{max-width:1280px}.scroll{overflow-x:auto}.scroll td{white-space:nowrap}
                        .three{display:grid;grid-template-columns:1fr 1fr 1fr;gap:14px}
                        @media(max-width:860px){.three{grid-template-columns:1fr}}h3{font-size:15px;margin:14px 0 4px}
                        a{color:inherit}.sheet{max-width:100%}td b{font-size:15px}
                        """).append(style)
                .append("</style></head><body><main><h1>").append(escape(title)).append("</h1>\n");
    }

    /** Text for an element's content. */
    public static String escape(String text) {
        return Html.escape(text);
    }

    /** Opens a card. */
    public Page card(String heading) {
        return raw("<section class=\"card\"><h2>" + escape(heading) + "</h2>\n");
    }

    /** Closes it. */
    public Page end() {
        return raw("</section>\n");
    }

    public Page heading(String text) {
        return raw("<h3>" + escape(text) + "</h3>\n");
    }

    public Page muted(String text) {
        return raw("<p class=\"muted\">" + escape(text) + "</p>\n");
    }

    public Page pre(String text) {
        return raw("<pre>" + escape(text) + "</pre>\n");
    }

    /** Opens a table that scrolls where the page is narrow. */
    public Page wide() {
        return raw("<div class=\"scroll\"><table>\n");
    }

    /** The table's head. */
    public Page row(String... heads) {
        html.append("<tr>");
        for (String head : heads) {
            html.append("<th>").append(escape(head)).append("</th>");
        }
        return raw("</tr>\n");
    }

    /** A row; the cells are HTML. */
    public Page cells(List<String> cells) {
        html.append("<tr>");
        cells.forEach(cell -> html.append("<td class=\"number\">").append(cell).append("</td>"));
        return raw("</tr>\n");
    }

    public Page endTable() {
        return raw("</table></div>\n");
    }

    /** A picture in its own size, or narrower where the page is. */
    public Page picture(byte[] png, String alt) {
        return raw("<p>" + Html.image(png, alt, "sheet") + "</p>\n");
    }

    /** Opens a row of three. */
    public Page three() {
        return raw("<div class=\"three\">");
    }

    public Page endThree() {
        return raw("</div>\n");
    }

    /** HTML as it is. */
    public Page raw(String markup) {
        html.append(markup);
        return this;
    }

    /** The whole page. */
    public String html() {
        return html + "</main></body></html>\n";
    }
}
