package dev.osteon.engine.backend.cuda;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.osteon.engine.EngineException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

/** In what order, where and how often kernel files are compiled; what compiles them here is a stand-in. */
class KernelImagesTest {

    private final List<String> compiled = Collections.synchronizedList(new ArrayList<>());
    private final CountDownLatch all = new CountDownLatch(KernelImages.FILES.size());

    private byte[] compile(String file) {
        compiled.add(file);
        all.countDown();
        return file.getBytes(StandardCharsets.UTF_8);
    }

    @Test
    void aMissingFileHasAllCompiledOnceOnCoresToSpare() throws InterruptedException {
        KernelImages images = new KernelImages(file -> false, this::compile, 6);
        assertThat(images.of("pool")).asString(StandardCharsets.UTF_8).isEqualTo("pool");
        assertThat(all.await(10, TimeUnit.SECONDS)).isTrue();
        assertThat(images.of("views")).asString(StandardCharsets.UTF_8).isEqualTo("views");
        assertThat(compiled).containsExactlyInAnyOrderElementsOf(KernelImages.FILES);
    }

    @Test
    void nothingElseIsCompiledWithFewCoresOrWhenItLiesOnDisk() {
        new KernelImages(file -> false, this::compile, 2).of("pool");
        new KernelImages(file -> true, this::compile, 16).of("rows");
        assertThat(compiled).containsExactly("pool", "rows");
    }

    @Test
    void whatTheCompilerSaysComesOut() {
        KernelImages images = new KernelImages(file -> false, file -> {
            throw new EngineException("refused " + file);
        }, 4);
        assertThatThrownBy(() -> images.of("pool")).isInstanceOf(EngineException.class).hasMessage("refused pool");
        assertThatThrownBy(() -> images.of("pond")).hasMessageContaining("pond.cu is none of [batchnorm");
    }
}
