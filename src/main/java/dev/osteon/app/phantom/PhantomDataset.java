package dev.osteon.app.phantom;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;
import dev.osteon.app.image.GrayImage;
import dev.osteon.app.image.ImageFiles;
import dev.osteon.engine.io.AtomicFile;
import java.io.IOException;
import java.io.StringWriter;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;
import org.apache.commons.csv.CSVFormat;
import org.apache.commons.csv.CSVPrinter;

/**
 * A folder of phantom radiographs:
 *
 * <pre>
 * images/p00000.png         radiograph, 16 bit
 * masks/p00000_mc3.png      mask of one bone, 8 bit, 0 or 255, of the radiograph's size
 * segments/p00000_mc3.png   mask times radiograph, cropped, 16 bit, 0 outside the mask
 * labels.csv                subject, t_score, label, bone, file: one row per segment
 * phantom.json              what it was made from; written last, so that its presence means the folder is complete
 * </pre>
 *
 * @param folder where it lies
 * @param config what it was made from
 * @param rendered subjects rendered by this call
 * @param reused subjects found complete from an earlier call
 */
public record PhantomDataset(Path folder, PhantomConfig config, int rendered, int reused) {
    /** Goes up when the same configuration gives other pictures, so that old files are not mixed with new ones. */
    private static final int VERSION = 1;
    private static final String COMPLETE = "phantom.json";
    private static final String STARTED = "phantom.started.json";
    private static final ObjectMapper JSON = new ObjectMapper().enable(SerializationFeature.INDENT_OUTPUT);

    /** {@link #generate(PhantomConfig, Path, int, PhantomProgress)} on all cores. */
    public static PhantomDataset generate(PhantomConfig config, Path folder, PhantomProgress progress)
            throws IOException {
        return generate(config, folder, Runtime.getRuntime().availableProcessors(), progress);
    }

    /**
     * Makes the data set, or completes one that an earlier call began with the same seed and scale.
     *
     * @param folder created if missing
     * @param threads at least 1; the files do not depend on it
     * @throws PhantomFolderException if the folder holds a phantom of another seed or scale
     * @throws IOException if the folder cannot be written to
     */
    public static PhantomDataset generate(PhantomConfig config, Path folder, int threads, PhantomProgress progress)
            throws IOException {
        if (threads < 1) {
            throw new IllegalArgumentException("phantom threads = " + threads + ": expected at least 1");
        }
        for (String part : List.of("images", "masks", "segments")) {
            Files.createDirectories(folder.resolve(part));
        }
        begin(config, folder);
        AtomicInteger reused = new AtomicInteger();
        forEachSubject(config, threads, progress, index -> {
            Subject subject = Subject.draw(config.seed(), index);
            if (isComplete(subject, folder)) {
                reused.incrementAndGet();
            } else {
                write(HandPhantom.render(subject, config), folder);
            }
        });
        AtomicFile.write(folder.resolve("labels.csv"), labels(config));
        AtomicFile.write(folder.resolve(COMPLETE), describe(config));
        Files.deleteIfExists(folder.resolve(STARTED));
        return new PhantomDataset(folder, config, config.subjects() - reused.get(), reused.get());
    }

    private interface SubjectTask {
        void run(int index) throws IOException;
    }

    private static void forEachSubject(PhantomConfig config, int threads, PhantomProgress progress, SubjectTask task)
            throws IOException {
        AtomicInteger next = new AtomicInteger();
        int[] done = {0};
        try (ExecutorService pool = Executors.newFixedThreadPool(Math.min(threads, config.subjects()))) {
            List<Future<?>> workers = new ArrayList<>();
            for (int t = 0; t < Math.min(threads, config.subjects()); t++) {
                workers.add(pool.submit(() -> {
                    for (int i = next.getAndIncrement(); i < config.subjects(); i = next.getAndIncrement()) {
                        if (Thread.currentThread().isInterrupted()) {
                            return null;
                        }
                        task.run(i);
                        synchronized (done) {
                            progress.subjectDone(++done[0], config.subjects());
                        }
                    }
                    return null;
                }));
            }
            try {
                for (Future<?> worker : workers) {
                    worker.get();
                }
            } catch (ExecutionException | InterruptedException e) {
                pool.shutdownNow();
                throw failure(e);
            }
        }
    }

    private static IOException failure(Exception e) {
        if (e instanceof InterruptedException) {
            Thread.currentThread().interrupt();
            return new IOException("phantom generation was interrupted; run it again to go on where it stopped", e);
        }
        return switch (e.getCause()) {
            case IOException io -> io;
            case UncheckedIOException io -> io.getCause();
            case RuntimeException unexpected -> throw unexpected;
            case Error error -> throw error;
            case null, default -> new IOException(e);
        };
    }

    /** Checks an older data set in the folder, then marks it as being worked on with this configuration. */
    private static void begin(PhantomConfig config, Path folder) throws IOException {
        for (String name : List.of(COMPLETE, STARTED)) {
            Path file = folder.resolve(name);
            if (!Files.exists(file)) {
                continue;
            }
            JsonNode older;
            try {
                older = JSON.readTree(file.toFile());
            } catch (IOException e) {
                throw new PhantomFolderException(file + " is not valid JSON; delete " + folder + " or choose another");
            }
            boolean same = older.path("version").asInt() == VERSION && older.path("seed").asLong() == config.seed()
                    && older.path("scale").asDouble() == config.scale();
            if (!same) {
                throw new PhantomFolderException(
                        "%s holds a phantom of seed %s, scale %s, version %s, not of seed %d, scale %s, version %d; %s"
                                .formatted(folder, older.path("seed").asText("?"), older.path("scale").asText("?"),
                                        older.path("version").asText("?"), config.seed(), config.scale(), VERSION,
                                        "delete it or choose another folder"));
            }
        }
        AtomicFile.write(folder.resolve(STARTED), describe(config));
        Files.deleteIfExists(folder.resolve(COMPLETE));
    }

    private static String describe(PhantomConfig config) throws IOException {
        return JSON.writeValueAsString(JSON.createObjectNode().put("version", VERSION).put("seed", config.seed())
                .put("scale", config.scale()).put("subjects", config.subjects()).put("width", config.width())
                .put("height", config.height()).put("pixelMm", config.pixelMm())) + "\n";
    }

    private static Path radiograph(Subject subject, Path folder) {
        return folder.resolve("images").resolve(subject.id() + ".png");
    }

    private static Path boneFile(Path folder, String kind, Subject subject, Bone bone) {
        return folder.resolve(kind).resolve(subject.id() + "_" + bone.label() + ".png");
    }

    private static boolean isComplete(Subject subject, Path folder) {
        return Files.exists(radiograph(subject, folder)) && subject.bones().stream()
                .allMatch(bone -> Files.exists(boneFile(folder, "masks", subject, bone))
                        && Files.exists(boneFile(folder, "segments", subject, bone)));
    }

    private static void write(HandPhantom phantom, Path folder) throws IOException {
        Subject subject = phantom.subject();
        GrayImage image = phantom.radiograph();
        for (Map.Entry<Bone, BoneMask> entry : phantom.masks().entrySet()) {
            Bone bone = entry.getKey();
            ImageFiles.writePng(entry.getValue().toImage(image.width(), image.height()),
                    boneFile(folder, "masks", subject, bone));
            ImageFiles.writePng(phantom.segment(bone).orElseThrow(), boneFile(folder, "segments", subject, bone));
        }
        ImageFiles.writePng(image, radiograph(subject, folder));
    }

    private static String labels(PhantomConfig config) throws IOException {
        StringWriter text = new StringWriter();
        CSVFormat format = CSVFormat.DEFAULT.builder().setRecordSeparator('\n')
                .setHeader("subject", "t_score", "label", "bone", "file").get();
        try (CSVPrinter csv = new CSVPrinter(text, format)) {
            for (int i = 0; i < config.subjects(); i++) {
                Subject subject = Subject.draw(config.seed(), i);
                for (Bone bone : subject.bones()) {
                    csv.printRecord(subject.id(), String.format(Locale.ROOT, "%.2f", subject.tScore()),
                            subject.osteoporosis() ? "osteoporosis" : "normal", bone.label(),
                            "segments/" + subject.id() + "_" + bone.label() + ".png");
                }
            }
        }
        return text.toString();
    }
}
