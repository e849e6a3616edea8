package dev.osteon.engine.io;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.AtomicMoveNotSupportedException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;

/** Files that are either the old or the new one, whenever the power goes. */
public final class AtomicFile {

    private AtomicFile() {}

    /** What puts the contents into the file, and may read there what it has written. */
    @FunctionalInterface
    public interface Contents {
        void writeTo(FileChannel channel) throws IOException;
    }

    /**
     * Temporary file in the same folder, forced to disk, renamed over {@code file}; the folder is made if missing.
     *
     * @throws FileSystemException naming the file, as when the disk is full; then the old file is still there
     */
    public static void write(Path file, Contents contents) throws IOException {
        Path folder = file.toAbsolutePath().getParent();
        Files.createDirectories(folder);
        // not Files.createTempFile, whose files nobody else may read
        String unique = Long.toHexString(System.nanoTime()) + "-" + ProcessHandle.current().pid();
        Path partial = folder.resolve("." + file.getFileName() + "." + unique + ".tmp");
        try {
            try (FileChannel channel = FileChannel.open(partial, StandardOpenOption.READ, StandardOpenOption.WRITE,
                    StandardOpenOption.CREATE_NEW)) {
                contents.writeTo(channel);
                channel.force(true);
            } catch (FileSystemException e) {
                throw e;
            } catch (IOException e) {   // a channel knows what went wrong, but not in which file
                throw (IOException) new FileSystemException(file.toString(), null, e.getMessage()).initCause(e);
            }
            try {
                Files.move(partial, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
            } catch (AtomicMoveNotSupportedException e) {
                Files.move(partial, file, StandardCopyOption.REPLACE_EXISTING);
            }
        } finally {
            Files.deleteIfExists(partial);
        }
    }

    /** The same for text, in UTF-8. */
    public static void write(Path file, String text) throws IOException {
        write(file, text.getBytes(StandardCharsets.UTF_8));
    }

    /** The same for bytes. */
    public static void write(Path file, byte[] contents) throws IOException {
        write(file, channel -> {
            ByteBuffer bytes = ByteBuffer.wrap(contents);
            while (bytes.hasRemaining()) {
                channel.write(bytes);
            }
        });
    }
}
