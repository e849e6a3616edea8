package dev.osteon.app.run;

import dev.osteon.app.report.CurvePoint;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/** What a run that has ended left behind. */
public final class RunFiles {

    /** Some of the training segments with a draw of their views, as one picture. */
    static final String VIEWS = "views.png";

    private RunFiles() {}

    /** {@value #VIEWS}. */
    public static byte[] views(Path run) throws IOException {
        return Files.readAllBytes(run.resolve(VIEWS));
    }

    /** The rows of curves.csv. */
    public static List<CurvePoint> curves(Path run) throws IOException {
        return Files.readAllLines(run.resolve(Curves.FILE)).stream().skip(1).map(Curves::parse).toList();
    }
}
