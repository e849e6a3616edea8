package dev.osteon.app.annotate;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import dev.osteon.app.FileProblem;
import dev.osteon.app.UserError;
import dev.osteon.engine.EngineException;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.PrintStream;
import java.net.BindException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.file.FileSystemException;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;

/** The annotator's page and its {@link Api}, on loopback alone, below a random token. */
public final class AnnotatorServer implements AutoCloseable {

    private static final String FILES = "/annotate/";
    private static final Set<String> PAGE = Set.of("index.html", "annotate.css", "app.js", "bones.js", "copy.js",
            "export.js", "levels.js", "list.js", "masks.js", "saving.js", "server.js", "session.js", "stroke.js",
            "view.js");
    private static final Map<String, String> TYPES = Map.of("html", "text/html; charset=utf-8", "css",
            "text/css; charset=utf-8", "js", "text/javascript; charset=utf-8");
    private static final Map<String, String> SECURITY = Map.of("Content-Security-Policy", "default-src 'none'; "
            + "script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; base-uri 'none'; "
            + "form-action 'none'; frame-ancestors 'none'", "X-Content-Type-Options", "nosniff", "Referrer-Policy",
            "no-referrer", "Cache-Control", "no-store");

    static {
        // small answers must not wait for the acknowledgement of what was sent before them, some 40 ms
        System.setProperty("sun.net.httpserver.nodelay", "true");
    }

    /** What is asked for below the token and is no file of the page. */
    @FunctionalInterface
    interface Answering {
        Reply answer(String method, String path, byte[] body) throws IOException;
    }

    private final HttpServer http;
    private final ExecutorService threads = Executors.newCachedThreadPool(
            Thread.ofPlatform().name("osteon-http-", 0).daemon().factory());
    private final Guard guard;
    private final Answering api;
    private final PrintStream log;

    /**
     * Starts to listen.
     *
     * @param port 0 for any that is free
     * @param log  where errors of the program itself are written
     * @throws UserError when the port is taken
     */
    public AnnotatorServer(Workplace workplace, int port, PrintStream log) throws IOException {
        this(new Api(workplace)::answer, port, log);
    }

    AnnotatorServer(Answering api, int port, PrintStream log) throws IOException {
        try {
            http = HttpServer.create(new InetSocketAddress(InetAddress.getByName("127.0.0.1"), port), 0);
        } catch (BindException e) {
            throw new UserError("--port: given " + port + ", which another program uses; choose another, or leave it "
                    + "out for any that is free", e);
        }
        this.guard = Guard.withRandomToken(http.getAddress().getPort());
        this.api = api;
        this.log = log;
        http.setExecutor(threads);
        http.createContext("/", this::handle);
        http.start();
    }

    /** What to open in a browser. */
    public URI address() {
        return URI.create("http://127.0.0.1:" + guard.port() + "/" + guard.token() + "/");
    }

    /**
     * Answers. An answer that breaks off is not ended: its end would make it look whole, so the connection is cut,
     * which this server does when a handler throws.
     */
    private void handle(HttpExchange exchange) throws IOException {
        Reply reply = replyOrError(exchange);
        SECURITY.forEach((name, value) -> exchange.getResponseHeaders().set(name, value));
        reply.headers().forEach((name, value) -> exchange.getResponseHeaders().set(name, value));
        exchange.getResponseHeaders().set("Content-Type", reply.type());
        exchange.sendResponseHeaders(reply.status(), 0);
        OutputStream out = exchange.getResponseBody();
        try {
            reply.body().writeTo(out);
        } catch (FileSystemException e) {       // other causes are a browser that went away
            log.println("osteon annotate: an answer broke off: " + FileProblem.describe(e));
            throw e;
        } catch (RuntimeException | Error e) {
            e.printStackTrace(log);
            throw new IOException("an answer broke off", e);
        }
        out.close();
    }

    private Reply replyOrError(HttpExchange exchange) {
        try {
            return reply(exchange);
        } catch (Refusal e) {
            return error(e.status(), e.getMessage());
        } catch (IllegalArgumentException | UserError | EngineException e) {
            return error(400, e.getMessage());
        } catch (IOException e) {
            String line = FileProblem.describe(e);
            log.println("osteon annotate: " + line);
            return error(500, line);
        } catch (RuntimeException | Error e) {
            e.printStackTrace(log);
            return error(500, "internal error: " + e + "; what was saved before is safe");
        }
    }

    private Reply reply(HttpExchange exchange) throws IOException {
        String path = guard.path(exchange);
        String method = exchange.getRequestMethod();
        String file = path.isEmpty() ? "index.html" : path;
        if (PAGE.contains(file)) {
            if (!method.equals("GET")) {
                throw new Refusal(405, "expected GET");
            }
            return file(file);
        }
        return api.answer(method, path, Guard.body(exchange));
    }

    private static Reply file(String name) throws IOException {
        try (InputStream in = AnnotatorServer.class.getResourceAsStream(FILES + name)) {
            if (in == null) {
                throw new IOException("the page's " + name + " is missing from this build");
            }
            return Reply.of(TYPES.get(name.substring(name.lastIndexOf('.') + 1)), in.readAllBytes());
        }
    }

    private static Reply error(int status, String message) {
        return Reply.json(status, JsonNodeFactory.instance.objectNode().put("error", message));
    }

    /** Stops to listen; requests that are being answered are cut off. */
    @Override
    public void close() {
        http.stop(0);
        threads.shutdownNow();
    }
}
