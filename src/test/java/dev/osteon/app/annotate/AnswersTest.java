package dev.osteon.app.annotate;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileSystemException;
import java.nio.file.NoSuchFileException;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** What the browser is answered when something goes wrong here. */
class AnswersTest {

    private final ByteArrayOutputStream log = new ByteArrayOutputStream();

    private String answer(AnnotatorServer.Answering api) throws IOException {
        try (AnnotatorServer server = new AnnotatorServer(api, 0, new PrintStream(log, true, StandardCharsets.UTF_8));
                Socket socket = new Socket(InetAddress.getByName("127.0.0.1"), server.address().getPort())) {
            socket.getOutputStream().write(("GET " + server.address().getPath() + "api/images HTTP/1.1\r\nHost: "
                    + server.address().getAuthority() + "\r\nConnection: close\r\n\r\n")
                    .getBytes(StandardCharsets.UTF_8));
            return new String(socket.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        }
    }

    private String logged() {
        return log.toString(StandardCharsets.UTF_8);
    }

    @Test
    void aFullDiskIsToldInOneLine() throws IOException {
        assertThat(answer((method, path, body) -> {
            throw new FileSystemException("prompts.json", null, "No space left on device");
        })).startsWith("HTTP/1.1 500").contains("prompts.json: No space left on device; free some space")
                .doesNotContain("internal error");
        assertThat(logged().lines()).singleElement().asString().contains("prompts.json: No space left on device");
    }

    @Test
    void anErrorOfTheVirtualMachineIsAnsweredAndLogged() throws IOException {
        assertThat(answer((method, path, body) -> {
            throw new OutOfMemoryError("as a test");
        })).startsWith("HTTP/1.1 500").contains("internal error: java.lang.OutOfMemoryError: as a test")
                .endsWith("0\r\n\r\n");
        assertThat(logged()).contains("java.lang.OutOfMemoryError: as a test", "at dev.osteon");
    }

    @Test
    void anAnswerThatBreaksOffDoesNotLookWhole() throws IOException {
        Reply.Body whole = out -> out.write(new byte[100_000]);
        Reply.Body broken = out -> {
            whole.writeTo(out);
            throw new NoSuchFileException("masks/a_ulna.png");
        };
        Reply.Body failing = out -> {
            whole.writeTo(out);
            throw new OutOfMemoryError("as a test");
        };
        String end = "\r\n0\r\n\r\n";       // of chunks (RFC 9112, section 7.1)
        assertThat(answer((method, path, body) -> Reply.download("x/y", "x", whole))).endsWith(end);
        assertThat(answer((method, path, body) -> new Reply(200, "x/y", Map.of(), broken)))
                .startsWith("HTTP/1.1 200").doesNotEndWith(end);
        assertThat(logged()).contains("an answer broke off: masks/a_ulna.png: no such file");
        assertThat(answer((method, path, body) -> new Reply(200, "x/y", Map.of(), failing)))
                .startsWith("HTTP/1.1 200").doesNotEndWith(end);
        assertThat(logged()).contains("OutOfMemoryError");
    }
}
