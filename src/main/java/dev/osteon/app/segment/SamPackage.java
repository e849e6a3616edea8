package dev.osteon.app.segment;

import dev.osteon.app.UserError;
import dev.osteon.app.run.Progress;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.HttpURLConnection;
import java.net.URLConnection;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.zip.GZIPInputStream;
import org.apache.commons.compress.archivers.tar.TarArchiveEntry;
import org.apache.commons.compress.archivers.tar.TarArchiveInputStream;

/** Downloads a {@link KnownModel} into a folder. */
public final class SamPackage {

    private static final int PATIENCE_MS = 30_000;
    private static final int PARTIAL = 206;

    private final KnownModel model;
    private final Path folder;

    public SamPackage(KnownModel model, Path folder) {
        this.model = model;
        this.folder = folder;
    }

    /**
     * Goes on with a download that was cut off, checks the archive and both files, and puts them in place.
     *
     * @throws UserError when the archive cannot be had, or is not the one that was expected
     */
    public void fetch(Progress progress) throws IOException {
        Files.createDirectories(folder);
        Path partial = folder.resolve(model.name() + ".tgz.part");
        try {
            download(partial, progress);
        } catch (IOException e) {
            throw new UserError(model.source() + ": " + e.getMessage() + "; the part that came is in " + partial
                    + ", the same command goes on with it", e);
        }
        require(partial, model.archiveHash(), model.source());
        extract(partial, model.encoder(), model.encoderHash(), "encoder.onnx");
        extract(partial, model.decoder(), model.decoderHash(), "decoder.onnx");
        Files.delete(partial);
    }

    private void download(Path partial, Progress progress) throws IOException {
        long before = Files.exists(partial) ? Files.size(partial) : 0;
        if (before > 0 && Hashes.of(partial).equals(model.archiveHash())) {
            return;
        }
        URLConnection connection = NpmRegistry.address().resolve(model.path()).toURL().openConnection();
        connection.setConnectTimeout(PATIENCE_MS);
        connection.setReadTimeout(PATIENCE_MS);
        if (before > 0) {
            connection.setRequestProperty("Range", "bytes=" + before + "-");
        }
        progress.begin("fetching");
        try (InputStream in = connection.getInputStream()) {
            boolean resumed = connection instanceof HttpURLConnection http && http.getResponseCode() == PARTIAL;
            long done = resumed ? before : 0;
            long total = done + Math.max(0, connection.getContentLengthLong());
            try (OutputStream out = Files.newOutputStream(partial, StandardOpenOption.CREATE, resumed
                    ? StandardOpenOption.APPEND : StandardOpenOption.TRUNCATE_EXISTING, StandardOpenOption.WRITE)) {
                byte[] buffer = new byte[1 << 16];
                for (int n = in.read(buffer); n >= 0; n = in.read(buffer)) {
                    out.write(buffer, 0, n);
                    done += n;
                    progress.update(done, Math.max(done, total), "B", "");
                }
            }
        } finally {
            progress.end();
        }
    }

    private static void require(Path file, String hash, String source) throws IOException {
        String given = Hashes.of(file);
        if (!given.equals(hash)) {
            Files.delete(file);
            throw new UserError(source + ": given a file with SHA-256 " + given + "; expected " + hash
                    + "; it was removed, try again");
        }
    }

    private void extract(Path archive, String path, String hash, String name) throws IOException {
        try (TarArchiveInputStream tar = new TarArchiveInputStream(
                new GZIPInputStream(Files.newInputStream(archive)))) {
            for (TarArchiveEntry entry = tar.getNextEntry(); entry != null; entry = tar.getNextEntry()) {
                if (entry.getName().equals(path)) {
                    Path partial = folder.resolve(name + ".part");
                    Files.copy(tar, partial, StandardCopyOption.REPLACE_EXISTING);
                    require(partial, hash, path);
                    Files.move(partial, folder.resolve(name), StandardCopyOption.REPLACE_EXISTING,
                            StandardCopyOption.ATOMIC_MOVE);
                    return;
                }
            }
        }
        throw new UserError(model.source() + " has no " + path + "; report this");
    }
}
