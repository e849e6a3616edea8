package dev.osteon.app;

import java.io.PrintWriter;
import java.io.StringWriter;
import java.util.List;
import picocli.CommandLine;

/** The command line in this process, with what its commands say. */
public final class Osteon {

    private final StringWriter out = new StringWriter();
    private final StringWriter err = new StringWriter();

    /** Runs a command and returns its exit code. */
    public int run(String... arguments) {
        CommandLine line = Main.commandLine();
        line.setOut(new PrintWriter(out, true)).setErr(new PrintWriter(err, true));
        return line.execute(arguments);
    }

    public int run(List<String> arguments) {
        return run(arguments.toArray(String[]::new));
    }

    /** What was printed so far. */
    public String out() {
        return out.toString();
    }

    /** What was complained of so far. */
    public String err() {
        return err.toString();
    }

    /** Begins with nothing said. */
    public void forget() {
        out.getBuffer().setLength(0);
        err.getBuffer().setLength(0);
    }
}
