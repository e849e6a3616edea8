package dev.osteon.app.annotate;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
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
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;

/** The annotator's page and its {@link Api}, on loopback alone, below a random token. */
public final class AnnotatorServer implements AutoCloseable {

    private static final String FILES = "/annotate/";
    private static final Set<String> PAGE = Set.of("index.html", "annotate.css", "app.js", "export.js", "list.js",
            "masks.js", "server.js", "session.js", "view.js");
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

    private final HttpServer http;
    private final ExecutorService threads = Executors.newCachedThreadPool(
            Thread.ofPlatform().name("osteon-http-", 0).daemon().factory());
    private final Guard guard;
    private final Api api;
    private final PrintStream log;

    /**
     * Starts to listen.
     *
     * @param port 0 for any that is free
     * @param log  where errors of the program itself are written
     * @throws UserError when the port is taken
     */
    public AnnotatorServer(Workplace workplace, int port, PrintStream log) throws IOException {
        try {
            http = HttpServer.create(new InetSocketAddress(InetAddress.getByName("127.0.0.1"), port), 0);
        } catch (BindException e) {
            throw new UserError("--port: given " + port + ", which another program uses; choose another, or leave it "
                    + "out for any that is free", e);
        }
        this.guard = Guard.withRandomToken(http.getAddress().getPort());
        this.api = new Api(workplace);
        this.log = log;
        http.setExecutor(threads);
        http.createContext("/", this::handle);
        http.start();
    }

    /** What to open in a browser. */
    public URI address() {
        return URI.create("http://127.0.0.1:" + guard.port() + "/" + guard.token() + "/");
    }

    private void handle(HttpExchange exchange) throws IOException {
        try (exchange) {
            Reply reply;
            try {
                reply = reply(exchange);
            } catch (Refusal e) {
                reply = error(e.status(), e.getMessage());
            } catch (IllegalArgumentException | UserError | EngineException e) {
                reply = error(400, e.getMessage());
            } catch (IOException | RuntimeException e) {
                e.printStackTrace(log);
                reply = error(500, "internal error: " + e.getMessage() + "; what was saved before is safe");
            }
            SECURITY.forEach((name, value) -> exchange.getResponseHeaders().set(name, value));
            reply.headers().forEach((name, value) -> exchange.getResponseHeaders().set(name, value));
            exchange.getResponseHeaders().set("Content-Type", reply.type());
            exchange.sendResponseHeaders(reply.status(), 0);
            try (OutputStream out = exchange.getResponseBody()) {
                reply.body().writeTo(out);
            }
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
