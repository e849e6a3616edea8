package dev.osteon.app.annotate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.osteon.models.sam.Embedding;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

@Timeout(60)
class EmbeddingQueueTest {

    private static final Embedding ANY = new Embedding(1, 1, new float[Embedding.VALUES]);

    @Test
    void imagesComeBeforeWhatIsDoneMeanwhile() throws Exception {
        List<String> done = new CopyOnWriteArrayList<>();
        CountDownLatch began = new CountDownLatch(1);
        CountDownLatch asked = new CountDownLatch(1);
        CountDownLatch all = new CountDownLatch(3);
        List<Runnable> steps = List.of(() -> {
            began.countDown();
            await(asked);
            done.add("step 1");
            all.countDown();
        }, () -> {
            done.add("step 2");
            all.countDown();
        });
        try (EmbeddingQueue queue = new EmbeddingQueue(image -> {
            done.add("image " + image);
            all.countDown();
            return ANY;
        }, steps.iterator())) {
            await(began);
            queue.later(7);
            asked.countDown();
            assertThat(queue.first(7).join()).isSameAs(ANY);
            await(all);
        }
        assertThat(done).containsExactly("step 1", "image 7", "step 2");
    }

    @ParameterizedTest
    @MethodSource("failures")
    void aStepThatFailsLeavesTheEncoderAtWork(Runnable failing) {
        List<Runnable> steps = List.of(failing, () -> {
            throw new AssertionError("no step follows one that failed");
        });
        try (EmbeddingQueue queue = new EmbeddingQueue(image -> ANY, steps.iterator())) {
            assertThat(queue.first(0).join()).isSameAs(ANY);
            assertThat(queue.first(1).join()).isSameAs(ANY);
        }
    }

    static Stream<Runnable> failures() {
        return Stream.of(() -> {
            throw new IllegalStateException("no kernel");
        }, () -> {
            throw new OutOfMemoryError("as a test");
        });
    }

    @Test
    void anImageThatFailsMayGoWellAnotherTime() {
        List<Integer> tries = new CopyOnWriteArrayList<>();
        try (EmbeddingQueue queue = new EmbeddingQueue(image -> {
            tries.add(image);
            if (tries.size() == 1) {
                throw new IllegalStateException("the first time");
            }
            return ANY;
        }, Collections.emptyIterator())) {
            assertThatThrownBy(() -> queue.first(3).join()).isInstanceOf(CompletionException.class)
                    .hasMessageContaining("the first time");
            assertThat(queue.first(3).join()).isSameAs(ANY);
        }
    }

    private static void await(CountDownLatch latch) {
        try {
            assertThat(latch.await(30, TimeUnit.SECONDS)).isTrue();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
