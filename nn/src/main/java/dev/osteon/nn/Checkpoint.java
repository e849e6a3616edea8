package dev.osteon.nn;

import com.fasterxml.jackson.databind.DatabindException;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;
import dev.osteon.engine.EngineException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/**
 * A folder with {@code model.safetensors} (parameters and buffers), {@code optimizer.safetensors} (momentum buffers)
 * and {@code run.json}. It is written under a temporary name, flushed, and renamed; the one before stays, as
 * {@code NAME.previous}, until the new one is in place, and is read when a crash left only that.
 */
public final class Checkpoint {

    private static final String MODEL = "model.safetensors";
    private static final String OPTIMIZER = "optimizer.safetensors";
    private static final String RUN = "run.json";
    private static final int VERSION = 1;
    private static final ObjectMapper JSON = new ObjectMapper().enable(SerializationFeature.INDENT_OUTPUT)
            .enable(SerializationFeature.ORDER_MAP_ENTRIES_BY_KEYS);

    private final Path folder;
    private final Stored stored;

    /** The contents of run.json. */
    private record Stored(int version, String architecture, String optimizer, RunState run) {}

    private Checkpoint(Path folder, Stored stored) {
        this.folder = folder;
        this.stored = stored;
    }

    /** Writes a checkpoint to {@code folder}, replacing the one there. */
    public static void write(Path folder, Module model, Optimizer optimizer, RunState run) throws IOException {
        Path target = folder.toAbsolutePath();
        Path fresh = target.resolveSibling(target.getFileName() + ".new");
        Path previous = previous(target);
        Files.createDirectories(target.getParent());
        delete(fresh);
        Files.createDirectory(fresh);
        Weights.write(fresh.resolve(MODEL), model);
        SafeTensorsFile.write(fresh.resolve(OPTIMIZER), optimizer.state(),
                Map.of(Weights.ARCHITECTURE, model.architecture()));
        Path json = fresh.resolve(RUN);
        Files.write(json, JSON.writeValueAsBytes(
                new Stored(VERSION, model.architecture(), optimizer.description(), run)));
        flush(json);
        flush(fresh);
        if (Files.exists(target)) {
            // a previous one next to a complete target is a leftover of a crash after the last rename
            delete(previous);
            Files.move(target, previous, StandardCopyOption.ATOMIC_MOVE);
        }
        Files.move(fresh, target, StandardCopyOption.ATOMIC_MOVE);
        flush(target.getParent());
        delete(previous);
    }

    /**
     * Opens the checkpoint in {@code folder}.
     *
     * @throws EngineException when there is none, or it cannot be read
     */
    public static Checkpoint open(Path folder) throws IOException {
        Path target = folder.toAbsolutePath();
        List<Path> candidates = List.of(target, previous(target));
        Path found = candidates.stream().filter(path -> Files.isRegularFile(path.resolve(RUN))).findFirst()
                .orElseThrow(() -> new EngineException("checkpoint: given " + folder + ", which has no " + RUN
                        + "; expected a folder that a run has written; check the path"));
        try {
            Stored stored = JSON.readValue(found.resolve(RUN).toFile(), Stored.class);
            if (stored.version != VERSION) {
                throw new EngineException("checkpoint " + folder + ": given format version " + stored.version
                        + "; expected " + VERSION + "; use the release that wrote it");
            }
            return new Checkpoint(found, stored);
        } catch (DatabindException | com.fasterxml.jackson.core.JsonParseException e) {
            throw new EngineException("checkpoint " + folder + ": given a " + RUN + " that is not one of ours; "
                    + "expected the file as it was written; restore it from a backup", e);
        }
    }

    /** Whether {@link #open} would find a checkpoint. */
    public static boolean exists(Path folder) {
        Path target = folder.toAbsolutePath();
        return Files.isRegularFile(target.resolve(RUN)) || Files.isRegularFile(previous(target).resolve(RUN));
    }

    public RunState run() {
        return stored.run;
    }

    /** The network it was saved from. */
    public String architecture() {
        return stored.architecture;
    }

    /** The optimiser it was saved with, and its settings. */
    public String optimizer() {
        return stored.optimizer;
    }

    /** The stored parameters and buffers, to load in parts or changed. */
    public Weights weights() throws IOException {
        return Weights.read(folder.resolve(MODEL));
    }

    /** Overwrites the parameters and buffers of {@code model}; see {@link Weights#loadInto}. */
    public Weights.Loaded restore(Module model, Match match) throws IOException {
        return weights().loadInto(model, match);
    }

    /**
     * Overwrites the state of an optimiser of the same settings.
     *
     * @throws EngineException for another optimiser, other settings, or buffers that are not its parameters'
     */
    public void restore(Optimizer optimizer) throws IOException {
        if (!optimizer.description().equals(stored.optimizer)) {
            throw new EngineException("checkpoint " + folder + ": given the state of \"" + stored.optimizer
                    + "\"; expected that of \"" + optimizer.description() + "\"; use the run's own settings");
        }
        Weights weights = Weights.read(folder.resolve(OPTIMIZER));
        weights.load(optimizer.reset(weights.tensors().keySet()), stored.architecture, Match.STRICT);
    }

    private static Path previous(Path target) {
        return target.resolveSibling(target.getFileName() + ".previous");
    }

    private static void flush(Path path) throws IOException {
        try (FileChannel channel = FileChannel.open(path, StandardOpenOption.READ)) {
            channel.force(true);
        }
    }

    private static void delete(Path folder) throws IOException {
        if (!Files.exists(folder)) {
            return;
        }
        try (Stream<Path> files = Files.list(folder)) {
            files.forEach(file -> {
                try {
                    Files.delete(file);
                } catch (IOException e) {
                    throw new UncheckedIOException(e);
                }
            });
        }
        Files.delete(folder);
    }
}
