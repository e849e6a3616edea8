package dev.osteon.app.command;

import dev.osteon.app.UserError;
import dev.osteon.app.explain.Example;
import dev.osteon.app.explain.Lesson;
import dev.osteon.app.explain.LossName;
import dev.osteon.engine.io.AtomicFile;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code osteon explain}: a loss step by step on a small batch. */
@Command(name = "explain", description = "Shows a loss step by step on a small random batch, as a page.",
        footer = {"", "Examples:", "  osteon explain ntxent", "  osteon explain swav --batch 6 --dim 3 --seed 2",
            "  osteon explain vicreg --out vicreg.html", "",
            "The page has every intermediate matrix with its formula and the line of code",
            "that computes it, and the gradient by autograd beside central differences. It",
            "is one file that needs nothing else. The class that trains must give what the",
            "steps give, or there is no page. docs/losses has the derivations."})
public final class ExplainCommand implements Callable<Integer> {

    @Spec
    private CommandSpec spec;

    @Parameters(paramLabel = "LOSS", description = "ntxent, supcon, swav or vicreg.")
    private String loss;

    @Option(names = "--batch", defaultValue = "4", description = "Samples, 2 to 64 (default: ${DEFAULT-VALUE}).")
    private int batch;

    @Option(names = "--dim", defaultValue = "8",
            description = "Size of an embedding, 2 to 64 (default: ${DEFAULT-VALUE}).")
    private int dim;

    @Option(names = "--seed", defaultValue = "1", description = "Seed (default: ${DEFAULT-VALUE}).")
    private long seed;

    @Option(names = "--out", paramLabel = "FILE", description = "The page (default: runs/explain-LOSS.html).")
    private Optional<Path> out;

    @Override
    public Integer call() throws IOException {
        LossName name = LossName.of(loss);
        Example example = new Example(batch, dim, seed);
        Path file = out.orElse(Path.of("runs", "explain-" + name.label() + ".html"));
        if (Files.isDirectory(file)) {
            throw new UserError("--out: given " + file + ", which is a folder; expected the name of a file to write");
        }
        Lesson lesson = Lesson.of(name, example);
        AtomicFile.write(file, lesson.page());
        PrintWriter to = spec.commandLine().getOut();
        to.printf(Locale.ROOT, "%s: loss %.9f; gradient by autograd and by differences differ by %.1e at most%n",
                lesson.title(), lesson.loss(), lesson.largestDisagreement());
        to.printf("Page: %s%n", file);
        to.flush();
        return 0;
    }
}
