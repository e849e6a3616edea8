package dev.osteon.app;

import dev.osteon.app.command.DoctorCommand;
import dev.osteon.app.command.PhantomCommand;
import dev.osteon.app.command.RunCommand;
import dev.osteon.app.command.VerifyCommand;
import dev.osteon.engine.EngineException;
import java.io.IOException;
import picocli.AutoComplete;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParseResult;

/** The command line: {@code osteon COMMAND}. Exit codes: 0 done, 1 failed, 2 something the user can mend. */
@Command(name = "osteon", mixinStandardHelpOptions = true, version = "osteon 0.1.0",
        description = "Osteoporosis from hand and wrist radiographs, on a tensor engine of its own.",
        synopsisSubcommandLabel = "COMMAND", footer = {"", "Start with:  osteon run"},
        subcommands = {AutoComplete.GenerateCompletion.class, CommandLine.HelpCommand.class})
public final class Main implements Runnable {

    private static final int USER_ERROR = 2;

    @Option(names = "--debug", scope = CommandLine.ScopeType.INHERIT, description = "Show stack traces of errors.")
    private boolean debug;

    private CommandLine line;

    public static void main(String[] arguments) {
        System.exit(commandLine().execute(arguments));
    }

    /** The command line with all commands; tests run it in process. */
    public static CommandLine commandLine() {
        Main main = new Main();
        CommandLine line = new CommandLine(main);
        main.line = line;
        line.addSubcommand(new RunCommand()).addSubcommand(new PhantomCommand()).addSubcommand(new VerifyCommand())
                .addSubcommand(new DoctorCommand());
        line.setExecutionExceptionHandler(main::explain);
        line.setParameterExceptionHandler((e, arguments) -> {
            e.getCommandLine().getErr().println("osteon: " + e.getMessage() + "; see osteon "
                    + e.getCommandLine().getCommandName() + " --help");
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
        boolean mendable = e instanceof UserError || e instanceof EngineException || e instanceof IOException;
        if (debug || !mendable) {
            e.printStackTrace(command.getErr());
        }
        command.getErr().println("osteon: " + (mendable ? e.getMessage() : "internal error: " + e));
        return mendable ? USER_ERROR : 1;
    }
}
