package dev.osteon.app.command;

import dev.osteon.app.UserError;
import dev.osteon.app.phantom.PhantomConfig;
import dev.osteon.app.phantom.PhantomDataset;
import dev.osteon.app.run.Progress;
import java.io.IOException;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code osteon phantom}: hand radiographs with a known truth. */
@Command(name = "phantom", description = "Generates hand radiographs with masks, bone segments and T-scores.",
        footer = {"", "Example:", "  osteon phantom --subjects 20 --out phantom --scale 1"})
public final class PhantomCommand implements Callable<Integer> {

    @Spec
    private CommandSpec spec;

    @Option(names = "--subjects", required = true, description = "Number of subjects.")
    private int subjects;

    @Option(names = "--out", required = true, paramLabel = "DIR", description = "Folder to write to; goes on where an "
            + "earlier call with the same settings stopped.")
    private Path out;

    @Option(names = "--seed", defaultValue = "1", description = "Seed (default: ${DEFAULT-VALUE}).")
    private long seed;

    @Option(names = "--scale", defaultValue = "0.25",
            description = "Linear size, 1 being 2515 × 3588 pixels (default: ${DEFAULT-VALUE}).")
    private double scale;

    @Override
    public Integer call() throws IOException {
        Progress progress = Progress.onConsole();
        progress.begin("phantom");
        try {
            PhantomDataset made = PhantomDataset.generate(new PhantomConfig(subjects, seed, scale), out,
                    (done, total) -> progress.update(done, total, "subjects", ""));
            progress.end();
            spec.commandLine().getOut().printf("%d subjects in %s (%d already there)%n", subjects, out, made.reused());
            spec.commandLine().getOut().flush();
            return 0;
        } catch (IllegalArgumentException e) {
            throw new UserError(e.getMessage(), e);
        } finally {
            progress.end();
        }
    }
}
