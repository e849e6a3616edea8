package dev.osteon.app.run;

import java.io.PrintStream;
import java.util.Locale;
import java.util.OptionalLong;
import java.util.function.LongSupplier;
import java.util.function.Supplier;

/**
 * Progress of work that takes longer than two seconds: done of total, rate, time left. On a terminal it is a line that
 * is redrawn in place; a log gets plain lines, one every five seconds at most, and rarer ones as the work goes on.
 * {@link #say} is for what should stand in both.
 */
public final class Progress {

    private static final long PATIENCE = 2_000_000_000L;
    private static final long REDRAW = 100_000_000L;
    private static final int BAR = 24;
    /** Between lines in a log: a share of the time that the phase has taken, within bounds. */
    private static final double LOG_SHARE = 0.05;
    private static final long LOG_LEAST = 5_000_000_000L;
    private static final long LOG_MOST = 60_000_000_000L;

    /** Is told of every update of a phase. */
    @FunctionalInterface
    public interface Listener {
        void updated(long done, long total);
    }

    /** How it is shown. */
    private enum Display { IN_PLACE, LINES, NOT_AT_ALL }

    private final PrintStream out;
    private final Display display;
    private final String label;
    private final Listener listener;
    private final LongSupplier clock;
    private String phase = "";
    private long start;
    private OptionalLong drawn = OptionalLong.empty();
    private boolean visible;

    private Progress(PrintStream out, Display display, String label, Listener listener, LongSupplier clock) {
        this.out = out;
        this.display = display;
        this.label = label;
        this.listener = listener;
        this.clock = clock;
    }

    private static Progress of(PrintStream out, Display display, Listener listener) {
        return new Progress(out, display, "", listener, System::nanoTime);
    }

    /** The same place for a part of a larger task, which the label tells at the beginning of each line. */
    public Progress within(String part) {
        return new Progress(out, display, part + "  ", listener, clock);
    }

    /** For a program that shows it in its own way; nothing is printed but what is {@link #say said}. */
    public static Progress to(Listener listener) {
        return of(System.err, Display.NOT_AT_ALL, listener);
    }

    /** Prints only what is {@link #say said}. */
    public static Progress silent(PrintStream out) {
        return of(out, Display.NOT_AT_ALL, (done, total) -> { });
    }

    /** Plain lines for a log. */
    static Progress lines(PrintStream out, LongSupplier clock) {
        return new Progress(out, Display.LINES, "", (done, total) -> { }, clock);
    }

    /** On standard error: in place when that is a terminal, else in lines. */
    public static Progress onConsole() {
        boolean terminal = System.console() != null && System.console().isTerminal();
        return of(System.err, terminal ? Display.IN_PLACE : Display.LINES, (done, total) -> { });
    }

    /** Starts a phase; its clock starts now. */
    public synchronized void begin(String name) {
        clear();
        phase = name;
        start = clock.getAsLong();
        drawn = OptionalLong.empty();
    }

    /** @param detail what else to show, as a file's name */
    public void update(long done, long total, String unit, String detail) {
        update(done, total, unit, () -> detail);
    }

    /** @param detail what else to show, asked for only when it is shown, as a loss that is waited for */
    public synchronized void update(long done, long total, String unit, Supplier<String> detail) {
        listener.updated(done, total);
        long now = clock.getAsLong();
        if (display == Display.NOT_AT_ALL || now - start < PATIENCE || !isDue(now, done == total)) {
            return;
        }
        drawn = OptionalLong.of(now);
        double rate = done / ((now - start) / 1e9);
        String left = duration((total - done) / rate) + " left";
        if (display == Display.LINES) {
            out.println(String.format(Locale.ROOT, "%s%s %d/%d  %s  %s  %s", label, phase, done, total,
                    speed(rate, unit), left, detail.get()).stripTrailing());
            return;
        }
        visible = true;
        int filled = (int) (BAR * done / Math.max(1, total));
        out.print(String.format(Locale.ROOT, "\r\033[K%s%-12s %s%s %d/%d  %s  %s  %s", label, phase,
                "█".repeat(filled), "░".repeat(BAR - filled), done, total, speed(rate, unit), left, detail.get()));
        out.flush();
    }

    /** Whether it is time for another line; the last of a phase is always shown where there were others. */
    private boolean isDue(long now, boolean last) {
        if (drawn.isEmpty()) {
            return true;
        }
        long pause = display == Display.IN_PLACE ? REDRAW
                : Math.clamp((long) (LOG_SHARE * (now - start)), LOG_LEAST, LOG_MOST);
        return last || now - drawn.getAsLong() >= pause;
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

    private static String duration(double seconds) {
        long s = Math.round(seconds);
        return s >= 3600 ? String.format(Locale.ROOT, "%d:%02d:%02d", s / 3600, s / 60 % 60, s % 60)
                : String.format(Locale.ROOT, "%d:%02d", s / 60, s % 60);
    }
}
