package dev.osteon.app.command;

import dev.osteon.app.run.Predictor;
import dev.osteon.app.run.Progress;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code osteon predict}: what a run's model says of other images. */
@Command(name = "predict", description = "Probability of osteoporosis for bone segments of one person.",
        footer = {"", "Example:", "  osteon predict --model runs/v radius.png ulna.png mc2.png", "",
            "A research tool: not a medical device, and not to be used for decisions about a",
            "person. The probability is that of the data set the model was trained on, and",
            "means nothing for images of another kind."})
public final class PredictCommand implements Callable<Integer> {

    @Spec
    private CommandSpec spec;

    @Option(names = "--model", required = true, paramLabel = "RUN", description = "Folder of a finished run.")
    private Path model;

    @Parameters(arity = "1..*", paramLabel = "IMAGE", description = "Bone segments of one person.")
    private List<Path> images;

    @Override
    public Integer call() throws IOException {
        Progress progress = Progress.onConsole();
        Predictor.Prediction prediction = new Predictor(model).of(images, progress);
        progress.end();
        PrintWriter out = spec.commandLine().getOut();
        double[] p = prediction.probability();
        for (int i = 0; i < p.length; i++) {
            print(out, images.get(i).toString(), p[i], prediction.threshold());
        }
        if (p.length > 1) {
            print(out, "all " + p.length + " together", Arrays.stream(p).average().orElse(0),
                    prediction.subjectThreshold());
        }
        out.println("Not a medical device: for research only.");
        out.flush();
        return 0;
    }

    private static void print(PrintWriter out, String name, double probability, double threshold) {
        out.printf(Locale.ROOT, "%-48s %.3g  %s (threshold %.3g)%n", name, probability,
                probability >= threshold ? "osteoporosis" : "no osteoporosis", threshold);
    }
}
