package dev.osteon.app;

import dev.osteon.app.command.AnnotateCommand;
import dev.osteon.app.command.DoctorCommand;
import dev.osteon.app.command.EvaluateCommand;
import dev.osteon.app.command.ExplainCommand;
import dev.osteon.app.command.ModelsCommand;
import dev.osteon.app.command.ModuleCommand;
import dev.osteon.app.command.OnnxCommand;
import dev.osteon.app.command.PhantomCommand;
import dev.osteon.app.command.PredictCommand;
import dev.osteon.app.command.PretrainCommand;
import dev.osteon.app.command.ProbeCommand;
import dev.osteon.app.command.ProfileCommand;
import dev.osteon.app.command.RadiographCommand;
import dev.osteon.app.command.RunCommand;
import dev.osteon.app.command.SegmentCommand;
import dev.osteon.app.command.Table2Command;
import dev.osteon.app.command.VerifyCommand;
import dev.osteon.engine.DeviceFailedException;
import dev.osteon.engine.EngineException;
import dev.osteon.engine.profile.NvtxRanges;
import dev.osteon.engine.profile.ProfiledSteps;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.List;
import java.util.Optional;
import java.util.ServiceLoader;
import picocli.AutoComplete;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParseResult;

/**
 * The command line: {@code osteon COMMAND}. Exit codes: 0 done, 1 failed, 2 something the user can mend,
 * 130 interrupted.
 */
@Command(name = "osteon", mixinStandardHelpOptions = true, version = "osteon 0.1.0",
        description = "Osteoporosis from hand and wrist radiographs, on a tensor engine of its own.",
        synopsisSubcommandLabel = "COMMAND", footer = {"", "Start with:  osteon run",
            "In a checkout there is osteon bench as well, which measures the engine."},
        subcommands = {AutoComplete.GenerateCompletion.class, CommandLine.HelpCommand.class})
public final class Main implements Runnable {

    private static final int FAILED = 1;
    private static final int USER_ERROR = 2;

    @Option(names = "--debug", scope = CommandLine.ScopeType.INHERIT, description = "Show stack traces of errors.")
    private boolean debug;

    private CommandLine line;

    public static void main(String[] arguments) {
        try {
            NvtxRanges.whenAskedFor();
            ProfiledSteps.whenAskedFor();
        } catch (EngineException e) {
            System.err.println("osteon: " + e.getMessage());
            System.exit(USER_ERROR);
        }
        System.exit(commandLine().execute(arguments));
    }

    /** The command line with all commands; tests run it in process. */
    public static CommandLine commandLine() {
        Main main = new Main();
        CommandLine line = new CommandLine(main);
        main.line = line;
        List.of(new RunCommand(), new PretrainCommand(), new ProbeCommand(), new EvaluateCommand(),
                new PredictCommand(), new Table2Command(), new SegmentCommand(), new AnnotateCommand(),
                new ModelsCommand(), new PhantomCommand(), new RadiographCommand(), new OnnxCommand(),
                new ExplainCommand(), new VerifyCommand(), new ProfileCommand(Main::commandLine), new DoctorCommand())
                .forEach(line::addSubcommand);
        ServiceLoader.load(ModuleCommand.class).forEach(line::addSubcommand);
        line.getSubcommands().get("profile").setStopAtPositional(true);
        line.setExecutionExceptionHandler(main::explain);
        line.setParameterExceptionHandler((e, arguments) -> {
            e.getCommandLine().getErr().println("osteon: " + unknown(e).orElseGet(e::getMessage) + "; see "
                    + e.getCommandLine().getCommandSpec().qualifiedName() + " --help");
            return USER_ERROR;
        });
        line.getSubcommands().values().forEach(sub -> sub.getCommandSpec().mixinStandardHelpOptions(true));
        return line;
    }

    @Override
    public void run() {
        line.usage(line.getOut());
    }

    private int explain(Exception e, CommandLine command, ParseResult parsed) {
        Optional<String> line = mendable(e);
        if (debug || line.isEmpty()) {
            e.printStackTrace(command.getErr());
        }
        command.getErr().println("osteon: " + line.orElse("internal error: " + e));
        return line.isPresent() && !(e instanceof DeviceFailedException) ? USER_ERROR : FAILED;
    }

    /** What to say of a mistyped command or option: the first of those that are not known, and what is nearest. */
    private static Optional<String> unknown(CommandLine.ParameterException e) {
        if (!(e instanceof CommandLine.UnmatchedArgumentException unmatched) || unmatched.getUnmatched().isEmpty()) {
            return Optional.empty();
        }
        boolean ofCommand = e.getCommandLine().getParent() == null && !unmatched.isUnknownOption();
        String kind = unmatched.isUnknownOption() ? "option" : ofCommand ? "command" : "argument";
        return Optional.of(kind + ": given " + unmatched.getUnmatched().getFirst() + ", which is not known"
                + unmatched.getSuggestions().stream().findFirst().map(near -> " (is it " + near + "?)").orElse(""));
    }

    /** What to say of an error that the user can mend. */
    private static Optional<String> mendable(Exception e) {
        return switch (e) {
            case UserError error -> Optional.of(error.getMessage());
            case EngineException error -> Optional.of(error.getMessage());
            case IOException error -> Optional.of(FileProblem.describe(error));
            case UncheckedIOException error -> Optional.of(FileProblem.describe(error.getCause()));
            default -> Optional.empty();
        };
    }
}
