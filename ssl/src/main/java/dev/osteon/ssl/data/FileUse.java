package dev.osteon.ssl.data;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.HashMap;
import java.util.Map;

/**
 * That a file is in use, for all processes to see: by a lock, which goes with the process that has it, however that
 * ends. Within a process uses are counted, since locks are the process's and go with any channel of the file that it
 * closes (POSIX.1-2017, fcntl).
 */
final class FileUse implements AutoCloseable {

    private static final Map<Path, Integer> HERE = new HashMap<>();

    private final Path file;
    private final FileChannel channel;

    private FileUse(Path file, FileChannel channel) {
        this.file = file;
        this.channel = channel;
    }

    private static Path key(Path file) {
        return file.toAbsolutePath().normalize();
    }

    /** From now until it is closed, the channel with it. */
    static FileUse reading(Path file, FileChannel channel) {
        FileUse use = new FileUse(key(file), channel);
        synchronized (HERE) {
            HERE.merge(use.file, 1, Integer::sum);
        }
        try {
            channel.lock(0, Long.MAX_VALUE, true);       // waits at most until another process has deleted it
        } catch (OverlappingFileLockException | IOException e) {
            // this process has it already, or the file system knows no locks: then nothing on it is deleted
        }
        return use;
    }

    /** Until the channel, which alone knows the file, is closed. */
    static void writing(FileChannel channel) {
        try {
            channel.tryLock();
        } catch (IOException e) {
            // the file system knows no locks: then nothing on it is deleted
        }
    }

    /** Whether nobody used it, and it was deleted. */
    static boolean deleteUnused(Path file) throws IOException {
        synchronized (HERE) {
            if (HERE.containsKey(key(file))) {
                return false;
            }
            try (FileChannel channel = FileChannel.open(file, StandardOpenOption.WRITE)) {
                if (channel.tryLock() == null) {
                    return false;
                }
                Files.delete(file);
                return true;
            } catch (OverlappingFileLockException e) {
                return false;
            }
        }
    }

    @Override
    public void close() throws IOException {
        synchronized (HERE) {
            if (channel.isOpen()) {
                HERE.computeIfPresent(file, (key, count) -> count == 1 ? null : count - 1);
            }
            channel.close();
        }
    }
}
