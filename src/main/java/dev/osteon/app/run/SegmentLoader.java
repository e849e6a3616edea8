package dev.osteon.app.run;

import dev.osteon.app.UserError;
import dev.osteon.app.image.GrayImage;
import dev.osteon.app.image.ImageFiles;
import dev.osteon.app.image.UnreadableImageException;
import dev.osteon.ssl.data.Segment;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.function.Consumer;
import java.util.stream.Collectors;

/**
 * Reads pictures into segments: several at a time, handed over in their order.
 *
 * @param longestSide that they are reduced to
 * @param threads     that read; 0 for one on each processor. Fewer do where the Java heap is small
 */
record SegmentLoader(int longestSide, int threads) {

    private static final int NAMED_AT_MOST = 3;
    /** Java heap for each picture that is read at a time: a radiograph of 12 million pixels takes half of it. */
    private static final long HEAP_EACH = 256L << 20;

    /** @throws UserError naming the pictures that cannot be read, after trying all of them */
    void load(List<Path> files, Progress progress, Consumer<Segment> receiver) {
        progress.begin("reading");
        int workers = workers();
        List<UnreadableImageException> unreadable = new ArrayList<>();
        ExecutorService pool = Executors.newFixedThreadPool(workers, Thread.ofPlatform().daemon().factory());
        try {
            Queue<Future<Segment>> ahead = new ArrayDeque<>();
            int asked = 0;
            for (int i = 0; i < files.size(); i++) {
                for (; asked < files.size() && ahead.size() < 2 * workers; asked++) {
                    Path file = files.get(asked);
                    ahead.add(pool.submit(() -> read(file)));
                }
                try {
                    Segment segment = result(ahead.remove(), files.get(i), ahead);
                    if (unreadable.isEmpty()) {
                        receiver.accept(segment);
                    }
                } catch (UnreadableImageException e) {
                    unreadable.add(e);
                }
                progress.update(i + 1L, files.size(), "images", "");
            }
        } finally {
            pool.shutdownNow();
        }
        if (!unreadable.isEmpty()) {
            throw new UserError(describe(unreadable), unreadable.getFirst());
        }
    }

    private int workers() {
        int wanted = threads > 0 ? threads : Runtime.getRuntime().availableProcessors();
        return Math.clamp(Runtime.getRuntime().maxMemory() / HEAP_EACH, 1, wanted);
    }

    /** What failed is tried once more, alone: the others may have filled the heap. */
    private Segment result(Future<Segment> of, Path file, Collection<Future<Segment>> others)
            throws UnreadableImageException {
        try {
            return of.get();
        } catch (ExecutionException e) {
            others.forEach(SegmentLoader::await);
            return read(file);
        } catch (InterruptedException e) {
            throw interrupted(e);
        }
    }

    private static void await(Future<Segment> future) {
        try {
            future.get();
        } catch (ExecutionException e) {
            // told when its turn comes
        } catch (InterruptedException e) {
            throw interrupted(e);
        }
    }

    private static UserError interrupted(InterruptedException e) {
        Thread.currentThread().interrupt();
        return new UserError("reading the pictures was interrupted", e);
    }

    private static String describe(List<UnreadableImageException> unreadable) {
        List<UnreadableImageException> others = unreadable.subList(1, unreadable.size());
        String more = others.isEmpty() ? "" : "; so are " + others.size() + " others: " + others.stream()
                .limit(NAMED_AT_MOST).map(e -> e.file().getFileName().toString()).collect(Collectors.joining(", "))
                + (others.size() > NAMED_AT_MOST ? ", …" : "");
        return unreadable.getFirst().getMessage() + more + "; or leave " + (others.isEmpty() ? "it" : "them")
                + " out (of the label file, where there is one)";
    }

    private Segment read(Path file) throws UnreadableImageException {
        GrayImage image = ImageFiles.read(file);
        return new Segment(image.toUnsigned16(), image.height(), image.width()).within(longestSide);
    }
}
