package dev.osteon.app.annotate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.osteon.app.image.GrayImage;
import dev.osteon.app.image.UnreadableImageException;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
class PicturesTest {

    private final List<Integer> decoded = new CopyOnWriteArrayList<>();

    @Test
    void onePictureIsThereWhileAnotherIsBeingDecoded() throws Exception {
        CountDownLatch began = new CountDownLatch(1);
        CountDownLatch end = new CountDownLatch(1);
        Pictures pictures = new Pictures(image -> {
            decoded.add(image);
            if (image == 1) {
                began.countDown();
                try {
                    end.await();
                } catch (InterruptedException e) {
                    Thread.currentThread().interrupt();
                }
            }
            return GrayImage.black(1 + image, 1, 8);
        });
        GrayImage first = pictures.of(0);
        CompletableFuture<GrayImage> slow = CompletableFuture.supplyAsync(() -> of(pictures, 1));
        began.await();
        CompletableFuture<GrayImage> slowAgain = CompletableFuture.supplyAsync(() -> of(pictures, 1));
        assertThat(pictures.of(0)).isSameAs(first);
        assertThat(pictures.of(2).width()).isEqualTo(3);
        assertThat(slow).isNotDone();
        end.countDown();
        assertThat(slow.get()).isSameAs(slowAgain.get());
        assertThat(decoded).containsExactly(0, 1, 2);
    }

    private static GrayImage of(Pictures pictures, int image) {
        try {
            return pictures.of(image);
        } catch (java.io.IOException e) {
            throw new java.io.UncheckedIOException(e);
        }
    }

    @Test
    void theLastFourAreKept() throws Exception {
        Pictures pictures = new Pictures(image -> {
            decoded.add(image);
            return GrayImage.black(1, 1, 8);
        });
        for (int image : new int[] {0, 1, 2, 3, 0, 4, 0, 1}) {
            pictures.of(image);
        }
        assertThat(decoded).containsExactly(0, 1, 2, 3, 4, 1);
    }

    @Test
    void oneThatFailsIsTriedAgain() throws Exception {
        Pictures pictures = new Pictures(image -> {
            decoded.add(image);
            if (decoded.size() == 1) {
                throw new UnreadableImageException(Path.of("a.png"), "being copied");
            }
            return GrayImage.black(1, 1, 8);
        });
        assertThatThrownBy(() -> pictures.of(7)).isInstanceOf(UnreadableImageException.class);
        assertThat(pictures.of(7).width()).isEqualTo(1);
    }
}
