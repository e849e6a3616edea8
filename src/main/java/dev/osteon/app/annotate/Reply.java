package dev.osteon.app.annotate;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.util.Map;

/**
 * What goes back to the browser.
 *
 * @param status of HTTP
 * @param type   media type of the body
 */
record Reply(int status, String type, Map<String, String> headers, Body body) {

    private static final ObjectMapper JSON = new ObjectMapper();

    /** Writes itself, so that large files need not be in memory. */
    @FunctionalInterface
    interface Body {
        void writeTo(OutputStream out) throws IOException;
    }

    static Reply of(String type, byte[] bytes) {
        return new Reply(200, type, Map.of(), out -> out.write(bytes));
    }

    static Reply json(JsonNode node) {
        return json(200, node);
    }

    static Reply json(int status, JsonNode node) {
        try {
            byte[] bytes = JSON.writeValueAsString(node).getBytes(StandardCharsets.UTF_8);
            return new Reply(status, "application/json", Map.of(), out -> out.write(bytes));
        } catch (JsonProcessingException e) {
            throw new IllegalStateException("a tree is always written", e);
        }
    }

    /** A file that the browser saves. */
    static Reply download(String type, String name, Body body) {
        return new Reply(200, type, Map.of("Content-Disposition", "attachment; filename=\"" + name + "\""), body);
    }
}
