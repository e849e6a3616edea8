package dev.osteon.app.run;

import java.io.PrintStream;
import java.util.Locale;
import java.util.function.Supplier;

/**
 * A line of progress that is redrawn in place: done of total, rate, time left. It appears only on a terminal, and only
 * for work that takes longer than two seconds; {@link #say} is for what should stand in a log as well.
 */
public final class Progress {

    private static final long PATIENCE = 2_000_000_000L;
    private static final long REDRAW = 100_000_000L;
    private static final int BAR = 24;

    /** Is told of every update of a phase. */
    @FunctionalInterface
    public interface Listener {
        void updated(long done, long total);
    }

    private final PrintStream out;
    private final boolean terminal;
    private final String label;
    private final Listener listener;
    private String phase = "";
    private long start;
    private long drawn;
    private boolean visible;

    public Progress(PrintStream out, boolean terminal) {
        this(out, terminal, "", (done, total) -> { });
    }

    private Progress(PrintStream out, boolean terminal, String label, Listener listener) {
        this.out = out;
        this.terminal = terminal;
        this.label = label;
        this.listener = listener;
    }

    /** The same place for a part of a larger task, which the label tells at the beginning of each line. */
    public Progress within(String part) {
        return new Progress(out, terminal, part + "  ", listener);
    }

    /** For a program that shows it in its own way; nothing is printed but what is {@link #say said}. */
    public static Progress to(Listener listener) {
        return new Progress(System.err, false, "", listener);
    }

    /** On standard error, visible when that is a terminal. */
    public static Progress onConsole() {
        return new Progress(System.err, System.console() != null && System.console().isTerminal());
    }

    /** Starts a phase; its clock starts now. */
    public synchronized void begin(String name) {
        clear();
        phase = name;
        start = System.nanoTime();
        drawn = 0;
    }

    /** @param detail what else to show, as a file's name */
    public void update(long done, long total, String unit, String detail) {
        update(done, total, unit, () -> detail);
    }

    /** @param detail what else to show, asked for only when it is shown, as a loss that is waited for */
    public synchronized void update(long done, long total, String unit, Supplier<String> detail) {
        listener.updated(done, total);
        long now = System.nanoTime();
        if (!terminal || now - start < PATIENCE || now - drawn < REDRAW && done < total) {
            return;
        }
        String shown = detail.get();
        drawn = now;
        visible = true;
        double seconds = (now - start) / 1e9;
        double rate = done / seconds;
        int filled = (int) (BAR * done / Math.max(1, total));
        out.print(String.format(Locale.ROOT, "\r\033[K%s%-12s %s%s %d/%d  %s  %s left  %s", label, phase,
                "█".repeat(filled), "░".repeat(BAR - filled), done, total, speed(rate, unit),
                clock((total - done) / rate), shown));
        out.flush();
    }

    /** A line that stays, with or without a terminal. */
    public synchronized void say(String line) {
        clear();
        out.println(label + line);
    }

    /** Takes the progress line away. */
    public synchronized void end() {
        clear();
    }

    private void clear() {
        if (visible) {
            out.print("\r\033[K");
            out.flush();
            visible = false;
        }
    }

    private static String speed(double rate, String unit) {
        return rate < 0.1 ? String.format(Locale.ROOT, "%.0f s each", 1 / rate)
                : String.format(Locale.ROOT, "%.1f %s/s", rate, unit);
    }

    private static String clock(double seconds) {
        long s = Math.round(seconds);
        return s >= 3600 ? String.format(Locale.ROOT, "%d:%02d:%02d", s / 3600, s / 60 % 60, s % 60)
                : String.format(Locale.ROOT, "%d:%02d", s / 60, s % 60);
    }
}
