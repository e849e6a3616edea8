package dev.osteon.app.annotate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.osteon.app.UserError;
import dev.osteon.app.image.GrayImage;
import dev.osteon.app.image.ImageFiles;
import dev.osteon.app.segment.SamFiles;
import dev.osteon.engine.tensor.Device;
import dev.osteon.nn.SharedData;
import java.io.IOException;
import java.net.InetAddress;
import java.net.NetworkInterface;
import java.net.Socket;
import java.net.SocketException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What is refused, byte by byte as an attacker would send it. */
class AnnotatorServerTest {

    private static final String POINT = "{\"revision\":0,\"bones\":{\"mc1\":{\"positive\":[[3,4]]}}}";

    @TempDir
    Path folder;

    private Workplace workplace;
    private AnnotatorServer server;
    private URI address;

    @BeforeEach
    void start() throws IOException {
        Path images = Files.createDirectories(folder.resolve("images"));
        ImageFiles.writePng(GrayImage.black(40, 30, 16), images.resolve("a.png"));
        workplace = new Workplace(images, folder.resolve("prompts.json"), folder.resolve("out"),
                SamFiles.in(Optional.of(SharedData.folder("sam"))), Device.CPU);
        server = new AnnotatorServer(workplace, 0, System.err);
        address = server.address();
    }

    @AfterEach
    void stop() {
        server.close();
        workplace.close();
    }

    private String host() {
        return address.getAuthority();
    }

    /** The answer's status line and all that follows. */
    private String send(String request) throws IOException {
        try (Socket socket = new Socket(InetAddress.getByName("127.0.0.1"), address.getPort())) {
            socket.getOutputStream().write(request.getBytes(StandardCharsets.UTF_8));
            socket.shutdownOutput();
            return new String(socket.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        } catch (SocketException e) {
            return "connection reset";   // the server does not read on after it has refused
        }
    }

    private String get(String path, String... headers) throws IOException {
        return send("GET " + path + " HTTP/1.1\r\nConnection: close\r\n" + String.join("\r\n", headers) + "\r\n\r\n");
    }

    private String put(String body, String... headers) throws IOException {
        return send("PUT " + address.getPath() + "api/images/0/prompts HTTP/1.1\r\nHost: " + host()
                + "\r\nConnection: close\r\n" + String.join("\r\n", headers) + "\r\nContent-Length: "
                + body.getBytes(StandardCharsets.UTF_8).length + "\r\n\r\n" + body);
    }

    private String putJson(String body) throws IOException {
        return put(body, "Content-Type: application/json", "Origin: http://" + host());
    }

    @Test
    void thePageComesWithHeadersThatKeepItToItself() throws IOException {
        assertThat(get(address.getPath(), "Host: " + host())).startsWith("HTTP/1.1 200").contains("<title>Osteon")
                .containsIgnoringCase("content-security-policy: default-src 'none'")
                .containsIgnoringCase("referrer-policy: no-referrer");
        assertThat(address.getPath()).matches("/[0-9a-f]{32}/");
    }

    @Test
    void otherNamesOfThisMachineAndOtherPagesAreRefused() throws IOException {
        String path = address.getPath() + "api/images";
        assertThat(get(path, "Host: " + host())).startsWith("HTTP/1.1 200");
        assertThat(get(path, "Host: localhost:" + address.getPort())).startsWith("HTTP/1.1 200");
        assertThat(get(path, "Host: evil.example:" + address.getPort())).startsWith("HTTP/1.1 403");
        assertThat(get(path, "Host: 127.0.0.1")).startsWith("HTTP/1.1 403");
        assertThat(get(path, "Host: " + host(), "Origin: http://evil.example")).startsWith("HTTP/1.1 403");
        assertThat(get(path, "Host: " + host(), "Origin: null")).startsWith("HTTP/1.1 403");
        assertThat(get(path, "Host: " + host(), "Sec-Fetch-Site: cross-site")).startsWith("HTTP/1.1 403");
    }

    @Test
    void itListensOnLoopbackAlone() throws IOException {
        for (NetworkInterface network : NetworkInterface.networkInterfaces().toList()) {
            for (InetAddress own : network.inetAddresses().filter(a -> !a.isLoopbackAddress()).toList()) {
                assertThatThrownBy(() -> new Socket(own, address.getPort()).close()).isInstanceOf(IOException.class);
            }
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"/", "/x", "/00000000000000000000000000000000/api/images"})
    void withoutTheTokenThereIsNothing(String path) throws IOException {
        assertThat(get(path, "Host: " + host())).startsWith("HTTP/1.1 404").doesNotContain("a.png");
    }

    @ParameterizedTest
    @ValueSource(strings = {"../../../../etc/passwd", "..%2f..%2fetc%2fpasswd", "api/images/../../index.html",
        "api/images/0/..%2fsamples", "api/images/1", "api/images/-1", "api/images/99999999999", "annotate/app.js",
        "api/images/0/secret", "package-info.class", "%00", "app.js/"})
    void whatIsNotOnTheListIsNotFound(String path) throws IOException {
        assertThat(get(address.getPath() + path, "Host: " + host())).startsWith("HTTP/1.1 404")
                .doesNotContain("root:");
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '`', value = {
        "{ | 400 | no JSON",
        "7 | 400 | expected a JSON object",
        "{} | 400 | no \\\"revision\\\"",
        "{\"revision\":0} | 400 | a.png: no \\\"bones\\\"",
        "{\"revision\":0,\"bones\":{\"femur\":{}}} | 400 | a.png, femur: not a bone",
        "{\"revision\":0,\"bones\":{\"mc1\":{\"positive\":[[40,4]]}}} | 400 | lies outside the image of 40 × 30",
        "{\"revision\":0,\"bones\":{\"mc1\":{\"positive\":[[1e999,4]]}}} | 400 | point",
        "{\"revision\":3,\"bones\":{}} | 409 | changed in another window"})
    void malformedBodiesAreToldInOneLineAndNothingIsSaved(String body, int status, String message) throws IOException {
        assertThat(putJson(body)).startsWith("HTTP/1.1 " + status).contains(message).doesNotContain("Exception");
        assertThat(folder.resolve("prompts.json")).doesNotExist();
    }

    @Test
    void bodiesOfAnotherKindOrSizeAreRefused() throws IOException {
        assertThat(put(POINT, "Content-Type: text/plain")).startsWith("HTTP/1.1 415");
        assertThat(putJson("[".repeat(5000))).startsWith("HTTP/1.1 400");
        assertThat(putJson("\"" + "x".repeat(2_000_000) + "\"")).matches("(?s)(HTTP/1.1 413|connection reset).*");
        assertThat(folder.resolve("prompts.json")).doesNotExist();
        assertThat(putJson(POINT)).startsWith("HTTP/1.1 200").contains("\"revision\":1");
    }

    @Test
    void whatOtherProgramsWriteIsNeitherLostNorOverwritten() throws IOException {
        Path prompts = folder.resolve("prompts.json");
        assertThat(putJson(POINT)).startsWith("HTTP/1.1 200");
        assertThat(putJson(POINT)).startsWith("HTTP/1.1 409");
        Files.writeString(prompts, Files.readString(prompts).replace("\"mc1\"", "\"mc2\""));
        Files.setLastModifiedTime(prompts, FileTime.fromMillis(System.currentTimeMillis() + 5000));
        assertThat(putJson(POINT.replace(":0", ":1"))).startsWith("HTTP/1.1 409").contains("another program");
        assertThat(prompts).content().contains("\"mc2\"").doesNotContain("\"mc1\"");
        assertThat(get(address.getPath() + "api/images/0", "Host: " + host())).contains("\"revision\":2", "\"mc2\"");
        assertThat(putJson(POINT.replace(":0", ":2"))).startsWith("HTTP/1.1 200");     // by one who has seen it
        assertThat(prompts).content().contains("\"mc1\"").doesNotContain("\"mc2\"");
        Files.delete(prompts);
        assertThat(putJson(POINT.replace(":0", ":3"))).startsWith("HTTP/1.1 200");
        assertThat(prompts).content().contains("\"mc1\"");
    }

    @Test
    void aTakenPortIsToldInOneLine() {
        assertThatThrownBy(() -> new AnnotatorServer(workplace, address.getPort(), System.err))
                .isInstanceOf(UserError.class).hasMessageContaining("which another program uses");
    }
}
