package dev.osteon.bench.gpu;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Locale;

/**
 * The side of a {@link Worker} that works: reads orders, one a line, and answers each with one line.
 *
 * <pre>
 * open WORD …   →   ready NAME
 * once          →   MILLISECONDS NUMBER PEAK_KIB
 * </pre>
 *
 * What fails is answered with {@code failed MESSAGE}. The end of the orders ends it. {@code gpu_peer.py} speaks the
 * same.
 */
public final class WorkServer {

    /** Makes the work that an order names. */
    public interface Opener {

        /** @param words what stands behind {@code open} */
        ServedWork open(List<String> words) throws IOException;
    }

    private final Opener opener;
    private final PrintStream out;
    private ServedWork work;

    private WorkServer(Opener opener, PrintStream out) {
        this.opener = opener;
        this.out = out;
    }

    /** Serves until the orders end. */
    public static void serve(Opener opener, InputStream orders, PrintStream out) throws IOException {
        WorkServer server = new WorkServer(opener, out);
        BufferedReader lines = new BufferedReader(new InputStreamReader(orders, StandardCharsets.UTF_8));
        for (String line = lines.readLine(); line != null; line = lines.readLine()) {
            server.answer(List.of(line.split(" ")));
        }
        server.close();
    }

    private void answer(List<String> words) {
        try {
            if (words.getFirst().equals("open")) {
                close();
                work = opener.open(words.subList(1, words.size()));
                out.println("ready " + work.name());
            } else if (work == null) {
                throw new IOException("no work is open");
            } else {
                long start = System.nanoTime();
                double number = work.run();
                double milliseconds = (System.nanoTime() - start) / 1e6 / work.repeats();
                out.printf(Locale.ROOT, "%.6f %.6f %d%n", milliseconds, number, work.peakKib());
            }
        } catch (IOException | RuntimeException | OutOfMemoryError e) {
            out.println("failed " + String.valueOf(e.getMessage()).replaceAll("\\s+", " "));
        }
        out.flush();
    }

    private void close() {
        if (work != null) {
            work.close();
            work = null;
        }
    }
}
