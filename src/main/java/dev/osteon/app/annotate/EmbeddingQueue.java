package dev.osteon.app.annotate;

import dev.osteon.models.sam.Embedding;
import java.util.ArrayDeque;
import java.util.Collections;
import java.util.Deque;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.OptionalInt;
import java.util.concurrent.CompletableFuture;

/**
 * Runs the encoder in the background, one image at a time: the one that was asked for last comes first. While no image
 * waits it goes on with something else, step by step.
 */
final class EmbeddingQueue implements AutoCloseable {

    private static final int KEPT = 16;

    /** Embeds an image. */
    @FunctionalInterface
    interface Encoding {
        Embedding of(int image) throws Exception;
    }

    private final Encoding encoding;
    private Iterator<Runnable> meanwhile;
    private final Thread worker = Thread.ofPlatform().name("osteon-encoder").daemon().unstarted(this::work);
    private final Deque<Integer> waiting = new ArrayDeque<>();
    private final Map<Integer, CompletableFuture<Embedding>> results = new LinkedHashMap<>(KEPT, 0.75f, true);

    EmbeddingQueue(Encoding encoding, Iterator<Runnable> meanwhile) {
        this.encoding = encoding;
        this.meanwhile = meanwhile;
        worker.start();
    }

    /** The embedding of an image, before all that wait. */
    synchronized CompletableFuture<Embedding> first(int image) {
        CompletableFuture<Embedding> result = results.get(image);
        if (result == null) {
            result = add(image);
        }
        if (waiting.remove(image)) {
            waiting.addFirst(image);
        }
        return result;
    }

    /** Computes it when nothing else is to do. */
    synchronized void later(int image) {
        if (!results.containsKey(image)) {
            add(image);
        }
    }

    private CompletableFuture<Embedding> add(int image) {
        CompletableFuture<Embedding> result = new CompletableFuture<>();
        results.put(image, result);
        waiting.addLast(image);
        results.entrySet().removeIf(old -> results.size() > KEPT && old.getValue().isDone());
        notifyAll();
        return result;
    }

    private void work() {
        try {
            while (true) {
                OptionalInt image = next();
                if (image.isPresent()) {
                    embed(image.getAsInt());
                } else {
                    goOnMeanwhile();
                }
            }
        } catch (InterruptedException e) {
            cancel();
        }
    }

    /** A step that fails ends the steps: nobody waits for them, and the encoder must go on. */
    private void goOnMeanwhile() {
        try {
            meanwhile.next().run();
        } catch (RuntimeException | Error e) {
            meanwhile = Collections.emptyIterator();
        }
    }

    private void embed(int image) throws InterruptedException {
        CompletableFuture<Embedding> result = of(image);
        try {
            result.complete(encoding.of(image));
        } catch (InterruptedException e) {
            throw e;
        } catch (Exception | Error e) {
            forget(image);   // it may go well another time
            result.completeExceptionally(e);
        }
    }

    /** The image to embed, or none when something else can be done. */
    private synchronized OptionalInt next() throws InterruptedException {
        while (waiting.isEmpty() && !meanwhile.hasNext()) {
            wait();
        }
        if (Thread.interrupted()) {
            throw new InterruptedException();
        }
        return waiting.isEmpty() ? OptionalInt.empty() : OptionalInt.of(waiting.removeFirst());
    }

    private synchronized CompletableFuture<Embedding> of(int image) {
        return results.get(image);
    }

    private synchronized void forget(int image) {
        results.remove(image);
    }

    private synchronized void cancel() {
        results.values().forEach(result -> result.cancel(false));
    }

    /** Waits for the image that is being encoded; the others are cancelled. */
    @Override
    public void close() {
        worker.interrupt();
        try {
            worker.join();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
