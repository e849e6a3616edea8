package dev.osteon.app.profile;

import dev.osteon.app.report.Page;
import dev.osteon.engine.io.AtomicFile;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.Function;

/** A profile as one page: roofline, tables, memory. */
final class ProfilePage {

    private static final int ROWS = 60;
    private static final double MIB = 1 << 20;

    private ProfilePage() {}

    static void write(Profile profile, Path file) throws IOException {
        Page page = new Page("Profile of osteon " + profile.command());
        page.muted(String.format(Locale.ROOT, "%.2f s from the first operation to the last, %.2f s in operations%s; at "
                + "most %.0f MiB of live tensors.", profile.seconds(), profile.busy(), profile.steps() == 0 ? ""
                : String.format(Locale.ROOT, ", %d steps of %.1f ms", profile.steps(), 1e3 * profile.seconds()
                        / profile.steps()), profile.peakMemory() / MIB));
        profile.facts().forEach((name, value) -> page.muted(name + ": " + value));
        page.card("Roofline").muted("A dot for each operation and shape, its area the share of the time; hover for its "
                + "figures. Roofs measured here: " + profile.peaks().describe() + ".")
                .raw(Roofline.svg(profile)).end();
        table(page, "Phases", profile, row -> row.phase().isEmpty() ? "outside of phases" : row.phase());
        table(page, "Operations", profile, Profile.Row::op);
        table(page, "Modules, by block", profile, row -> Grouping.block(row.module()));
        table(page, "Modules", profile, row -> row.module().isEmpty() ? "outside of modules" : row.module());
        table(page, "Operations by shapes", profile, row -> row.op() + " " + row.shapes());
        page.card("Memory").muted("Bytes of live tensors after each operation, coloured as above.")
                .raw(MemoryChart.svg(profile)).heading("Who held it at the peak").wide().row("MiB", "tensor");
        for (Map.Entry<String, Long> holder : profile.holders().entrySet()) {
            page.cells(List.of(String.format(Locale.ROOT, "%.1f", holder.getValue() / MIB),
                    Page.escape(holder.getKey())));
        }
        page.endTable().end();
        AtomicFile.write(file, page.html());
    }

    private static void table(Page page, String heading, Profile profile, Function<Profile.Row, String> by) {
        List<Grouping> groups = Grouping.of(profile, by);
        page.card(heading);
        if (groups.size() > ROWS) {
            page.muted("The first " + ROWS + " of " + groups.size() + ".");
        }
        page.wide().row("", "times", "ms", "share", "forward ms", "backward ms", "GFLOP/s", "GB/s", "of the roof");
        double all = profile.busy();
        groups.stream().limit(ROWS).forEach(group -> page.cells(List.of(Page.escape(group.name()),
                String.valueOf(group.count()), ms(group.seconds()),
                String.format(Locale.ROOT, "%.1f %%", 100 * group.seconds() / all), ms(group.forward()),
                ms(group.backward()), rate(group.flops(), group.seconds()), rate(group.bytes(), group.seconds()),
                String.format(Locale.ROOT, "%.0f %%", 100 * group.shareOfRoof()))));
        page.endTable().end();
    }

    private static String ms(double seconds) {
        return seconds == 0 ? "–" : String.format(Locale.ROOT, "%.1f", 1e3 * seconds);
    }

    private static String rate(double amount, double seconds) {
        return seconds == 0 ? "–" : String.format(Locale.ROOT, "%.1f", amount / seconds / 1e9);
    }
}
