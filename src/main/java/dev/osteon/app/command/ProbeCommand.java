package dev.osteon.app.command;

import dev.osteon.app.UserError;
import dev.osteon.app.config.ConfigFile;
import dev.osteon.app.config.RunConfig;
import dev.osteon.app.run.Progress;
import dev.osteon.app.run.Run;
import dev.osteon.app.run.RunFolder;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code osteon probe}: the linear layer on a run's frozen encoder. */
@Command(name = "probe", description = "Trains the linear layer on the frozen encoder of a run, anew if it has one.",
        footer = {"", "Example:", "  osteon probe runs/v probe.solver=sgd probe.epochs=100"})
public final class ProbeCommand implements Callable<Integer> {

    @Spec
    private CommandSpec spec;

    @Parameters(index = "0", paramLabel = "RUN", description = "Folder of a run.")
    private Path run;

    @Parameters(index = "1..*", arity = "0..*", paramLabel = "probe.KEY=VALUE",
            description = "Settings of the probe that differ from the run's; they are kept in its config.yaml.")
    private List<String> overrides = new ArrayList<>();

    @Override
    public Integer call() throws IOException {
        overrides.stream().filter(o -> !o.startsWith("probe.")).findFirst().ifPresent(other -> {
            throw new UserError("probe: given " + other
                    + "; expected keys that begin with probe., since the encoder is "
                    + "trained already");
        });
        try (RunFolder folder = RunFolder.open(run)) {
            RunConfig config = ConfigFile.load(Optional.empty(), Optional.of(folder.resolve("config.yaml")), overrides);
            new Run(config, folder, Progress.onConsole()).execute(Run.Until.PROBED);
            spec.commandLine().getOut().printf("Classifier: %s%n", folder.resolve("probe.json"));
            spec.commandLine().getOut().flush();
        }
        return 0;
    }
}
