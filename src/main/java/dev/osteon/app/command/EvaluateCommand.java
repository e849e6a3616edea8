package dev.osteon.app.command;

import dev.osteon.app.run.Progress;
import dev.osteon.app.run.Run;
import dev.osteon.app.run.RunFolder;
import java.io.IOException;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code osteon evaluate}: figures and report of a run. */
@Command(name = "evaluate", description = "Writes figures and report of a run; trains first what is not trained yet.",
        footer = {"", "Example:", "  osteon evaluate runs/v"})
public final class EvaluateCommand implements Callable<Integer> {

    @Spec
    private CommandSpec spec;

    @Parameters(index = "0", paramLabel = "RUN", description = "Folder of a run.")
    private Path run;

    @Override
    public Integer call() throws IOException {
        try (RunFolder folder = RunFolder.open(run)) {
            new Run(folder.config(), folder, Progress.onConsole()).execute(Run.Until.EVALUATED)
                    .ifPresent(result -> RunCommand.print(spec.commandLine().getOut(), result, folder));
        }
        return 0;
    }
}
