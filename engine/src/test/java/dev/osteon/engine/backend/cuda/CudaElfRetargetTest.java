package dev.osteon.engine.backend.cuda;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;

class CudaElfRetargetTest {

    private static byte[] natives() throws IOException {
        try (InputStream in = CudaElfRetargetTest.class.getResourceAsStream(
                "/lib/libJCublas2-12.6.0-linux-x86_64.so")) {
            return in.readAllBytes();
        }
    }

    @Test
    void theNameAndTheVersionsHashChangeAndChangeBack() throws IOException {
        byte[] content = natives();
        assertThat(ElfRetarget.retarget(content, "libcublas.so.12", "libcublas.so.13")).isEqualTo(2);
        assertThat(new String(content, StandardCharsets.ISO_8859_1)).contains("libcublas.so.13");
        assertThat(ElfRetarget.retarget(content, "libcublas.so.13", "libcublas.so.12")).isEqualTo(2);
        assertThat(content).isEqualTo(natives());
    }

    @Test
    void nothingChangesForANameThatIsNotThere() throws IOException {
        assertThat(ElfRetarget.retarget(natives(), "libother.so.12", "libother.so.13")).isZero();
    }

    @Test
    void whatIsNoElfFileOrNoFittingNameIsRefused() {
        assertThatThrownBy(() -> ElfRetarget.retarget(new byte[100], "a", "b")).hasMessageContaining("ELF64");
        assertThatThrownBy(() -> ElfRetarget.retarget(new byte[100], "a", "bc")).hasMessageContaining("one length");
    }
}
