package dev.osteon.app.run;

import dev.osteon.app.FileProblem;
import dev.osteon.app.Hashes;
import dev.osteon.app.UserError;
import dev.osteon.engine.backend.UserCache;
import dev.osteon.ssl.data.SegmentFile;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.AccessDeniedException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.time.Instant;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/**
 * The segments of data sets as files, so that pictures are decoded once and not by every command. A file is found by
 * what its pictures hold, wherever they lie. The files that were not used for longest go when there are too many; one
 * that a process has open stays.
 *
 * @param folder where they are kept
 * @param limit  most bytes of them together; the one that was asked for last may exceed it
 */
record SegmentCache(Path folder, long limit, Progress progress) {

    /** System property: another folder than {@code segments} in the user's cache folder. */
    static final String FOLDER = "osteon.segments.cache";
    /** System property: another limit, in bytes. */
    static final String LIMIT = "osteon.segments.limit";

    private static final long DEFAULT_LIMIT = 16L << 30;
    private static final String SUFFIX = ".segments";
    private static final String SUFFIX_BEGUN = ".tmp";
    /** What becomes of a picture; to be raised when decoders or reduction come to give other levels. */
    private static final int DECODING = 1;
    /** A file that is younger may have been begun by a process that had no time yet to say so. */
    private static final Duration BEGUN = Duration.ofMinutes(1);

    /** The user's own. */
    static SegmentCache ofUser(Progress progress) {
        String given = System.getProperty(FOLDER);
        return new SegmentCache(given != null ? Path.of(given).toAbsolutePath() : UserCache.of("segments"),
                Long.getLong(LIMIT, DEFAULT_LIMIT), progress);
    }

    /**
     * The segments of some pictures, decoded unless they are there.
     *
     * @throws UserError naming the pictures that cannot be read
     */
    SegmentFile open(List<Path> pictures, SegmentLoader loader) throws IOException {
        Path file = folder.resolve(key(pictures, loader.longestSide()) + SUFFIX);
        if (Files.exists(file)) {
            try {
                SegmentFile found = SegmentFile.open(file);
                touch(file);
                return found;
            } catch (IOException e) {
                progress.say("segments: " + FileProblem.describe(e) + "; decoding the pictures again");
            }
        }
        try {
            prepare();
        } catch (IOException e) {
            progress.say("segments: " + folder + " cannot be written to: " + FileProblem.reason(e)
                    + "; the pictures are decoded anew each time; " + another());
            return elsewhere(pictures, loader);
        }
        makeRoom(bound(pictures.size(), loader.longestSide()));
        write(file, pictures, loader);
        SegmentFile made = SegmentFile.open(file);
        trim(file);
        return made;
    }

    /** The segments of pictures that are looked at once: nothing is left of them when the file is closed. */
    SegmentFile openOnce(List<Path> pictures, SegmentLoader loader) throws IOException {
        try {
            prepare();
        } catch (IOException e) {
            return elsewhere(pictures, loader);
        }
        return once(folder, pictures, loader);
    }

    private SegmentFile elsewhere(List<Path> pictures, SegmentLoader loader) throws IOException {
        Path temporary = Files.createTempDirectory("osteon");
        try {
            return once(temporary, pictures, loader);
        } finally {
            temporary.toFile().delete();       // unless the system keeps what is open
        }
    }

    private SegmentFile once(Path where, List<Path> pictures, SegmentLoader loader) throws IOException {
        Path file = where.resolve("once-" + Long.toHexString(System.nanoTime()) + "-" + ProcessHandle.current().pid()
                + SUFFIX);
        write(file, pictures, loader);
        SegmentFile opened = SegmentFile.open(file);
        try {
            Files.delete(file);
        } catch (IOException e) {
            file.toFile().deleteOnExit();      // a system that keeps what is open
        }
        return opened;
    }

    /** SHA-256 of all that decides what the segments are. */
    private String key(List<Path> pictures, int longestSide) {
        progress.begin("hashing");
        AtomicInteger done = new AtomicInteger();
        String[] hashes = new String[pictures.size()];
        IntStream.range(0, hashes.length).parallel().forEach(i -> {
            hashes[i] = hash(pictures.get(i));
            progress.update(done.incrementAndGet(), hashes.length, "images", "");
        });
        return Hashes.of((DECODING + " " + longestSide + " " + String.join(" ", hashes))
                .getBytes(StandardCharsets.US_ASCII));
    }

    private static String hash(Path picture) {
        try {
            return Hashes.of(picture);
        } catch (IOException e) {
            return "unreadable";               // decoding will say why
        }
    }

    private void write(Path file, List<Path> pictures, SegmentLoader loader) {
        try {
            SegmentFile.write(file, pictures.size(), receiver -> loader.load(pictures, progress, receiver));
        } catch (IOException e) {
            throw new UserError("segments: " + FileProblem.describe(e) + "; " + another(), e);
        }
    }

    private static String another() {
        return "OSTEON_OPTS=-D" + FOLDER + "=DIR names another folder for them";
    }

    private static void touch(Path file) {
        try {
            Files.setLastModifiedTime(file, FileTime.from(Instant.now()));
        } catch (IOException e) {
            // another user's: it goes by when that one used it
        }
    }

    /** Makes the folder, for nobody else's eyes, and removes what processes left that were killed. */
    private void prepare() throws IOException {
        if (!Files.isDirectory(folder)) {
            Files.createDirectories(folder);
            if (folder.getFileSystem().supportedFileAttributeViews().contains("posix")) {
                Files.setPosixFilePermissions(folder, PosixFilePermissions.fromString("rwx------"));
            }
        }
        if (!Files.isWritable(folder)) {
            throw new AccessDeniedException(folder.toString());
        }
        Instant before = Instant.now().minus(BEGUN);
        for (Path begun : files(".", SUFFIX_BEGUN)) {
            if (modified(begun).toInstant().isBefore(before)) {
                delete(begun);
            }
        }
    }

    private static long bound(long segments, int longestSide) {
        return segments * longestSide * longestSide * Short.BYTES;
    }

    /**
     * Called before a run makes anything.
     *
     * @throws UserError when the disk cannot hold so many segments
     */
    void requireRoom(long segments, int longestSide) throws IOException {
        long room = usable();
        for (Path file : files("", SUFFIX)) {
            room += size(file);
        }
        long bytes = bound(segments, longestSide);
        if (bytes > room) {
            throw new UserError(String.format(Locale.ROOT, "%d segments of up to %d × %d pixels take up to %.1f GiB "
                    + "of disk in %s, which has %.1f GiB left; lower data.longestSide (now %d), or free some space; %s",
                    segments, longestSide, longestSide, bytes / (double) (1L << 30), folder,
                    room / (double) (1L << 30), longestSide, another()));
        }
    }

    private long usable() throws IOException {
        Path at = folder;
        while (!Files.exists(at) && at.getParent() != null) {
            at = at.getParent();
        }
        return Files.getFileStore(at).getUsableSpace();
    }

    private void makeRoom(long bytes) throws IOException {
        for (Path file : files("", SUFFIX)) {
            if (usable() >= bytes) {
                return;
            }
            delete(file);
        }
    }

    private void trim(Path keep) throws IOException {
        List<Path> files = files("", SUFFIX);
        long total = 0;
        for (Path file : files) {
            total += size(file);
        }
        for (Path file : files) {
            long size = size(file);
            if (total > limit && !file.equals(keep) && delete(file)) {
                total -= size;
            }
        }
    }

    private static boolean delete(Path file) {
        try {
            return SegmentFile.deleteUnused(file);
        } catch (IOException e) {
            return false;                      // another process was faster, or it is another user's
        }
    }

    /** By when they were last used, the longest ago first. */
    private List<Path> files(String start, String end) throws IOException {
        if (!Files.isDirectory(folder)) {
            return List.of();
        }
        try (Stream<Path> all = Files.list(folder)) {
            Path[] found = all.filter(file -> {
                String name = file.getFileName().toString();
                return name.startsWith(start) && name.endsWith(end);
            }).toArray(Path[]::new);
            FileTime[] times = Arrays.stream(found).map(SegmentCache::modified).toArray(FileTime[]::new);
            return IntStream.range(0, found.length).boxed().sorted(Comparator.comparing(i -> times[i]))
                    .map(i -> found[i]).toList();
        }
    }

    private static FileTime modified(Path file) {
        try {
            return Files.getLastModifiedTime(file);
        } catch (IOException e) {
            return FileTime.fromMillis(0);     // gone by now
        }
    }

    private static long size(Path file) {
        try {
            return Files.size(file);
        } catch (IOException e) {
            return 0;                          // gone by now
        }
    }
}
