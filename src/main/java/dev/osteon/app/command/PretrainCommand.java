package dev.osteon.app.command;

import dev.osteon.app.run.Progress;
import dev.osteon.app.run.Run;
import dev.osteon.app.run.RunFolder;
import java.io.IOException;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;

/** {@code osteon pretrain}: the first part of a run. */
@Command(name = "pretrain", description = "Trains the encoder only; osteon probe and osteon evaluate go on from its "
        + "folder.", footer = {"", "Example:", "  osteon pretrain --method vicreg --out runs/v",
            "  osteon probe runs/v probe.size=128", "  osteon evaluate runs/v"})
public final class PretrainCommand implements Callable<Integer> {

    @Spec
    private CommandSpec spec;

    @Mixin
    private RunOptions options = new RunOptions();

    @Override
    public Integer call() throws IOException {
        RunOptions.Chosen chosen = options.choose();
        try (RunFolder folder = chosen.folder()) {
            new Run(chosen.config(), folder, Progress.onConsole()).execute(Run.Until.PRETRAINED);
            spec.commandLine().getOut().printf("Encoder: %s%n", folder.resolve("checkpoint"));
            spec.commandLine().getOut().flush();
        }
        return 0;
    }
}
