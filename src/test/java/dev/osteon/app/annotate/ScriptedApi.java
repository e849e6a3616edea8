package dev.osteon.app.annotate;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.file.FileSystemException;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/** The annotator's API with masks that cost nothing; it waits, or its disk is full, when a test says so. */
final class ScriptedApi implements AnnotatorServer.Answering {

    private final AnnotatorServer.Answering real;
    private final List<String> asked = new CopyOnWriteArrayList<>();
    private final Map<String, CountDownLatch> held = new ConcurrentHashMap<>();
    private volatile boolean diskFull;

    ScriptedApi(AnnotatorServer.Answering real) {
        this.real = real;
    }

    /** From now on this is answered only after {@link #release}. */
    void hold(String request) {
        held.put(request, new CountDownLatch(1));
    }

    void release(String request) {
        held.remove(request).countDown();
    }

    void fillDisk() {
        diskFull = true;
    }

    void makeRoom() {
        diskFull = false;
    }

    /** How often something was asked for. */
    long asked(String request) {
        return asked.stream().filter(request::equals).count();
    }

    @Override
    public Reply answer(String method, String path, byte[] body) throws IOException {
        String request = method + " " + path;
        asked.add(request);
        waitFor(request);
        if (diskFull && method.equals("PUT")) {
            throw new FileSystemException("prompts.json", null, "No space left on device");
        }
        if (path.endsWith("/embedding")) {
            return Reply.json(JsonNodeFactory.instance.objectNode().put("ms", 0));
        }
        return path.endsWith("/mask") ? mask() : real.answer(method, path, body);
    }

    private void waitFor(String request) {
        CountDownLatch latch = held.get(request);
        try {
            if (latch != null && !latch.await(60, TimeUnit.SECONDS)) {
                throw new IllegalStateException(request + " was never released");
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private static Reply mask() {
        ObjectNode mask = JsonNodeFactory.instance.objectNode().put("width", 20).put("height", 15).put("area", 40)
                .put("stability", 1).put("ms", 1);
        mask.putArray("runs").add(100).add(40).add(160);
        mask.putArray("flags");
        return Reply.json(mask);
    }
}
