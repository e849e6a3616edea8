package dev.osteon.bench.sam;

import dev.osteon.app.segment.SamFiles;
import dev.osteon.bench.ComparedBenchmark;
import dev.osteon.bench.Peer;
import dev.osteon.bench.Work;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Warmup;

/**
 * A half of Segment Anything in float32, from arrays to an array: the encoder on one 1024² picture, the decoder with
 * three points of each kind to its low-resolution mask.
 */
@Warmup(iterations = 8, time = 1, timeUnit = TimeUnit.SECONDS)      // the decoder's many methods are compiled meanwhile
@Measurement(iterations = 5, time = 600, timeUnit = TimeUnit.MILLISECONDS)
public class SamBenchmark extends ComparedBenchmark {

    /** System property: folder with the model; by default where {@code osteon models} puts it. */
    public static final String FOLDER = "osteon.bench.sam";

    @Param({"encoder", "decoder"})
    public String half;

    /** Which half. */
    public SamPart part() {
        return SamPart.valueOf(half.toUpperCase(Locale.ROOT));
    }

    /** Where the model is. */
    public Path folder() {
        String given = System.getProperty(FOLDER, "");
        return given.isEmpty() ? SamFiles.home() : Path.of(given);
    }

    @Override
    protected Work ours() throws IOException {
        return new OsteonSam(part(), folder());
    }

    @Override
    public Set<Peer> peers() {
        return Set.of(Peer.ONNXRUNTIME);
    }

    @Override
    public Optional<String> missing() {
        Path file = folder().resolve(part().file());
        return Files.isRegularFile(file) ? Optional.empty() : Optional.of("no " + file.getFileName() + " in "
                + (folder().equals(SamFiles.home()) ? "the folder of osteon models, which fetches it" : folder())
                + "; --sam names a folder with the model");
    }
}
