package dev.osteon.app.command;

import dev.osteon.app.UserError;
import dev.osteon.app.profile.Profile;
import dev.osteon.app.profile.ProfileText;
import dev.osteon.app.profile.Profiling;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.function.Supplier;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.ExecutionException;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.ParseResult;
import picocli.CommandLine.Spec;

/** {@code osteon profile}: another command, with its time and memory taken apart. */
@Command(name = "profile", description = "Runs another osteon command and writes where its time and memory go.",
        synopsisHeading = "%n", customSynopsis = {
            "Usage: osteon profile [--out=DIR] [--steps=A-B] [--events=N] COMMAND [ARGUMENT…]",
            "       osteon profile --diff DIR DIR"},
        footer = {"", "Examples:", "  osteon profile run --preset smoke",
            "  osteon profile --steps 20-30 pretrain", "  osteon profile bench --filter \"NtXent 1024\"",
            "  osteon profile --diff before after", "",
            "Written to DIR:", "  profile.html  roofline, tables by phase, operation, module and shape, memory",
            "  trace.json    for https://ui.perfetto.dev or chrome://tracing",
            "  profile.jfr   Java Flight Recorder, with every operation as an event",
            "  profile.json  the sums, which --diff compares",
            "Of bench it records one case's own side after its warm-up, each run as a step.",
            "Options of profile stand before COMMAND. On a GPU times are the device's own."})
public final class ProfileCommand implements Callable<Integer> {

    private final Supplier<CommandLine> commands;

    @Spec
    private CommandSpec spec;

    @Option(names = "--out", paramLabel = "DIR", defaultValue = "profile",
            description = "Folder of the results (default: ${DEFAULT-VALUE}).")
    private Path out;

    @Option(names = "--steps", paramLabel = "A-B", description = "Record training steps A to B alone, counted from 1: "
            + "the first ones are slower, as the virtual machine compiles.")
    private Optional<String> steps;

    @Option(names = "--events", paramLabel = "N", defaultValue = "200000",
            description = "Most single events in the trace (default: ${DEFAULT-VALUE}); sums are of all.")
    private int events;

    @Option(names = "--diff", paramLabel = "DIR", arity = "2",
            description = "Compare two folders of results, the earlier one first.")
    private List<Path> diff = List.of();

    @Parameters(paramLabel = "COMMAND", arity = "0..*", hidden = true)
    private List<String> command = List.of();

    private Optional<Profiling> profiling = Optional.empty();

    /** @param commands makes the command line that the other command is looked up in */
    public ProfileCommand(Supplier<CommandLine> commands) {
        this.commands = commands;
    }

    @Override
    public Integer call() throws IOException {
        PrintWriter print = spec.commandLine().getOut();
        if (!diff.isEmpty()) {
            ProfileText.diff(Profile.read(diff.getFirst()), Profile.read(diff.getLast()), print);
            print.flush();
            return 0;
        }
        if (command.isEmpty() || command.getFirst().equals("profile")) {
            throw new UserError("profile: given no command to run; expected one with its arguments, as osteon profile "
                    + "run --preset smoke");
        }
        if (events < 0) {
            throw new UserError("--events: given " + events + "; expected 0 or more");
        }
        CommandLine other = commands.get();
        other.setOut(print);
        other.setErr(spec.commandLine().getErr());
        other.setExecutionStrategy(this::record);
        int code = other.execute(command.toArray(String[]::new));
        print.flush();
        if (profiling.isEmpty()) {
            return code;        // it could not begin and has said why, or has printed its help
        }
        Optional<Profile> profile = profiling.get().finish();
        if (profile.isEmpty() && code != 0) {
            return code;        // the command has said why
        }
        print.println();
        ProfileText.print(profile.orElseThrow(() -> new UserError("osteon " + String.join(" ", command)
                + ": ran no operation of the engine that was to be recorded; give a command that computes, and steps "
                + "that it has")), print);
        print.printf("%nWritten: %s, trace.json for https://ui.perfetto.dev, profile.jfr, profile.json%n",
                out.resolve("profile.html"));
        print.flush();
        return code;
    }

    /** Runs what was parsed, recorded from where its work begins. */
    private int record(ParseResult parsed) {
        Integer help = CommandLine.executeHelpRequest(parsed);
        if (help != null) {
            return help;
        }
        CommandLine last = parsed.asCommandLineList().getLast();
        try {
            if (last.getCommand() instanceof ModuleCommand module) {
                Callable<Integer> work = module.profiled();
                begin();
                return work.call();
            }
            begin();
        } catch (Exception e) {
            throw new ExecutionException(last, String.valueOf(e.getMessage()), e);
        }
        return new CommandLine.RunLast().execute(parsed);
    }

    private void begin() throws IOException {
        profiling = Optional.of(Profiling.start(String.join(" ", command), out, steps, events));
    }
}
