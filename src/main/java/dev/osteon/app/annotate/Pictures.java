package dev.osteon.app.annotate;

import dev.osteon.app.image.GrayImage;
import java.io.IOException;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;

/** The radiographs used last, decoded once each. Who wants one that is there never waits for another being decoded. */
final class Pictures {

    private static final int KEPT = 4;

    /** Decodes a radiograph. */
    @FunctionalInterface
    interface Decoding {
        GrayImage of(int image) throws IOException;
    }

    private final Decoding decoding;
    private final Map<Integer, FutureTask<GrayImage>> known = new LinkedHashMap<>(KEPT, 0.75f, true);

    Pictures(Decoding decoding) {
        this.decoding = decoding;
    }

    /** @throws IOException as decoding throws it; it is tried again the next time */
    GrayImage of(int image) throws IOException {
        FutureTask<GrayImage> picture = task(image);
        picture.run();      // on the first caller's thread; later ones wait below
        try {
            return picture.get();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new Refusal(409, "osteon annotate is being stopped");
        } catch (ExecutionException e) {
            forget(image, picture);
            switch (e.getCause()) {
                case IOException cause -> throw cause;
                case RuntimeException cause -> throw cause;
                case Error cause -> throw cause;
                default -> throw new IllegalStateException(e);
            }
        }
    }

    private synchronized FutureTask<GrayImage> task(int image) {
        FutureTask<GrayImage> picture = known.computeIfAbsent(image, n -> new FutureTask<>(() -> decoding.of(n)));
        if (known.size() > KEPT) {
            known.remove(known.keySet().iterator().next());
        }
        return picture;
    }

    private synchronized void forget(int image, FutureTask<GrayImage> failed) {
        known.remove(image, failed);
    }
}
