package dev.osteon.app.run;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;
import dev.osteon.app.FileProblem;
import dev.osteon.app.UserError;
import dev.osteon.app.config.ConfigFile;
import dev.osteon.app.config.RunConfig;
import dev.osteon.engine.io.AtomicFile;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.LocalDateTime;
import java.time.format.DateTimeFormatter;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.locks.ReentrantLock;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** A run's folder: files are whole whenever the run ends, and nothing of another run is overwritten. */
public final class RunFolder implements AutoCloseable {

    static final String CONFIG = "config.yaml";
    static final String FINISHED = "finished";
    /** Segments of a run that began with radiographs. */
    public static final String BONES = "bones";
    private static final String STATUS = "status.json";
    private static final String LOCK = ".lock";
    /** What a run leaves that ended before its training began: a next one may have the folder. */
    private static final Set<String> BEFORE_TRAINING = Set.of(CONFIG, STATUS, LOCK, "phantom", BONES);
    private static final ObjectMapper JSON = new ObjectMapper().enable(SerializationFeature.INDENT_OUTPUT);

    private final Path path;
    private final ReentrantLock writing = new ReentrantLock();
    private final FileChannel lock;
    private final Naming naming;

    /** Who named it. */
    private enum Naming { PERSON, PROGRAM }

    private RunFolder(Path path, Naming naming) throws IOException {
        this.naming = naming;
        this.path = path.toAbsolutePath().normalize();
        this.lock = FileChannel.open(this.path.resolve(LOCK), StandardOpenOption.CREATE, StandardOpenOption.WRITE);
        try {
            if (lock.tryLock() == null) {
                throw inUse(path);
            }
        } catch (OverlappingFileLockException e) {
            throw inUse(path);
        }
    }

    private static UserError inUse(Path path) {
        return new UserError(path + " is in use by another osteon process; wait for it, or give another folder");
    }

    /** Lets others have the folder; the end of the process does so, too. */
    @Override
    public void close() throws IOException {
        lock.close();
        Files.deleteIfExists(path.resolve(LOCK));
    }

    /**
     * For a run that failed: closes the folder, and removes it if it was named by this program and holds nothing but
     * what the run was to be and that it failed, which the error tells. One that a person named stays, as that is where
     * its status will be looked for.
     */
    public void abandon() throws IOException {
        close();
        if (naming == Naming.PROGRAM && holdsNothing()) {
            try (Stream<Path> all = Files.walk(path)) {
                for (Path each : all.sorted(Comparator.reverseOrder()).toList()) {
                    Files.delete(each);
                }
            }
        }
    }

    private boolean holdsNothing() throws IOException {
        try (Stream<Path> all = Files.walk(path)) {
            return all.filter(file -> !Files.isDirectory(file, LinkOption.NOFOLLOW_LINKS)).allMatch(file ->
                    file.equals(resolve(CONFIG)) || file.equals(resolve(STATUS)));
        }
    }

    /**
     * The folder of a run that is to go on.
     *
     * @throws UserError when it is none, or another process is at it
     */
    public static RunFolder open(Path path) {
        if (!Files.isRegularFile(path.resolve(CONFIG))) {
            throw new UserError("given " + path + ", which has no " + CONFIG + "; " + (Files.exists(path.resolve(BONES))
                    ? "it was stopped while radiographs were segmented: repeat its command with --out " + path
                            + ", and segments that are done stay"
                    : "expected the folder of a run"));
        }
        try {
            return new RunFolder(path, Naming.PERSON);
        } catch (IOException e) {
            throw new UserError(path + " cannot be written to: " + FileProblem.reason(e), e);
        }
    }

    /** The configuration of the run. */
    public RunConfig config() throws IOException {
        return ConfigFile.load(Optional.empty(), Optional.of(resolve(CONFIG)), List.of());
    }

    /** Whether the run got to its end. */
    public boolean finished() {
        try {
            return Files.exists(resolve(STATUS))
                    && FINISHED.equals(JSON.readTree(resolve(STATUS).toFile()).path("state").asText());
        } catch (IOException e) {
            return false;   // cut off: it will be written again
        }
    }

    /**
     * The given folder, which must be empty, or not exist yet, or be one of a run that never got to its training; or a
     * new one named after the preset and the time.
     *
     * @throws UserError when it holds something, or cannot be made
     */
    public static RunFolder create(String given, String preset) {
        Path path = given.isEmpty() ? fresh(preset) : Path.of(given);
        try {
            if (Files.exists(path) && !isFree(path)) {
                throw new UserError("--out: given " + path + ", which is not empty; expected a new folder; "
                        + "give another, or " + (Files.exists(path.resolve(CONFIG))
                                ? "go on with the run in it by --resume " + path : "remove it"));
            }
            Files.createDirectories(path);
            return new RunFolder(path, given.isEmpty() ? Naming.PROGRAM : Naming.PERSON);
        } catch (IOException e) {
            throw new UserError("--out: " + path + " cannot be written to: " + FileProblem.reason(e), e);
        }
    }

    private static boolean isFree(Path path) throws IOException {
        try (Stream<Path> files = Files.list(path)) {
            Set<String> names = files.map(file -> file.getFileName().toString()).collect(Collectors.toSet());
            return names.isEmpty() || names.equals(Set.of(LOCK)) || names.contains(STATUS)
                    && BEFORE_TRAINING.containsAll(names);
        }
    }

    private static Path fresh(String preset) {
        String stem = preset + "-" + LocalDateTime.now().format(DateTimeFormatter.ofPattern("yyyyMMdd-HHmmss"));
        Path path = Path.of("runs", stem);
        for (int i = 2; Files.exists(path); i++) {
            path = Path.of("runs", stem + "-" + i);
        }
        return path;
    }

    /** Absolute. */
    public Path path() {
        return path;
    }

    public Path resolve(String name) {
        return path.resolve(name);
    }

    /** Bytes that its disk has left. */
    public long freeBytes() throws IOException {
        return Files.getFileStore(path).getUsableSpace();
    }

    /** Something that writes a file or a folder. */
    @FunctionalInterface
    public interface Writing {
        void to(Path file) throws IOException;
    }

    /**
     * Writes one file or folder; {@link #seal} waits until it is done.
     *
     * @throws UserError naming it, when it cannot be written
     */
    public void write(String name, Writing contents) {
        writing.lock();
        try {
            contents.to(resolve(name));
        } catch (IOException e) {
            throw new UserError(resolve(name) + " could not be written: " + FileProblem.reason(e), e);
        } finally {
            writing.unlock();
        }
    }

    public void writeText(String name, String text) {
        write(name, file -> AtomicFile.write(file, text));
    }

    public void writeJson(String name, Object value) {
        try {
            writeText(name, JSON.writeValueAsString(value) + "\n");
        } catch (JsonProcessingException e) {
            throw new IllegalStateException("not JSON: " + value, e);
        }
    }

    /** Where the run stands: running, interrupted, failed or finished. */
    public void status(String state, String detail) {
        writeJson(STATUS, Map.of("state", state, "detail", detail));
    }

    /** Adds lines to a file and leaves them on disk: what was reached before a crash stays. */
    public void append(String name, String lines) {
        write(name, file -> Files.writeString(file, lines, StandardOpenOption.CREATE, StandardOpenOption.APPEND));
    }

    /**
     * The last status of a process that is about to end: waits for the file that is being written, and lets no other
     * one begin, so that none is cut off.
     */
    void seal(String state, String detail) {
        writing.lock();   // for good: other threads that want to write wait for the end of the process
        status(state, detail);
    }
}
