package dev.osteon.app.annotate;

import com.sun.net.httpserver.Headers;
import com.sun.net.httpserver.HttpExchange;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.SecureRandom;
import java.util.HexFormat;
import java.util.List;
import java.util.Set;

/**
 * Who may ask: a browser on this machine that was given the address with its token. Another page that the same browser
 * shows cannot know the token, and its Host (DNS rebinding) or Origin gives it away.
 */
record Guard(String token, int port) {

    private static final int TOKEN_BYTES = 16;
    private static final int LARGEST_BODY = 1 << 20;
    private static final Set<String> WITH_BODY = Set.of("PUT", "POST");

    static Guard withRandomToken(int port) {
        byte[] random = new byte[TOKEN_BYTES];
        new SecureRandom().nextBytes(random);
        return new Guard(HexFormat.of().formatHex(random), port);
    }

    /**
     * The path below the token.
     *
     * @throws Refusal when the request is not from the page itself
     */
    String path(HttpExchange exchange) {
        Headers headers = exchange.getRequestHeaders();
        List<String> own = List.of("127.0.0.1:" + port, "localhost:" + port);
        String host = headers.getFirst("Host");
        if (host == null || !own.contains(host)) {
            throw new Refusal(403, "this server answers only as 127.0.0.1 or localhost, not under another name");
        }
        String origin = headers.getFirst("Origin");
        String site = headers.getFirst("Sec-Fetch-Site");
        if (origin != null && !origin.equals("http://" + host) || site != null && !Set.of("same-origin", "none")
                .contains(site)) {
            throw new Refusal(403, "a request of another page is refused");
        }
        String path = exchange.getRequestURI().getRawPath();
        int slash = path.indexOf('/', 1);
        String given = path.substring(Math.min(1, path.length()), slash < 0 ? path.length() : slash);
        if (slash < 0 || !MessageDigest.isEqual(given.getBytes(StandardCharsets.UTF_8),
                token.getBytes(StandardCharsets.UTF_8))) {
            throw new Refusal(404, "not found; use the address that osteon annotate printed, with its token");
        }
        return path.substring(slash + 1);
    }

    /**
     * The body, empty where the method has none.
     *
     * @throws Refusal when it is too large or no JSON
     */
    static byte[] body(HttpExchange exchange) throws IOException {
        if (!WITH_BODY.contains(exchange.getRequestMethod())) {
            return new byte[0];
        }
        String type = exchange.getRequestHeaders().getFirst("Content-Type");
        if (type == null || !type.split(";")[0].strip().equalsIgnoreCase("application/json")) {
            throw new Refusal(415, "expected a body of type application/json");
        }
        try (InputStream in = exchange.getRequestBody()) {
            byte[] body = in.readNBytes(LARGEST_BODY + 1);
            if (body.length > LARGEST_BODY) {
                throw new Refusal(413, "expected a body of at most " + LARGEST_BODY + " bytes");
            }
            return body;
        }
    }
}
