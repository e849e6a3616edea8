package dev.osteon.engine.io;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.osteon.engine.EngineException;
import dev.osteon.engine.tensor.Shape;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class NpyTest {

    @TempDir
    private Path folder;

    @Test
    void whatIsWrittenIsRead() throws IOException {
        Path file = folder.resolve("x.npy");
        Npy.of(Shape.of(2, 3), 1f, 2f, 3f, 4f, 5f, -0.5f).write(file);
        Npy read = Npy.read(file);
        assertThat(read.shape()).isEqualTo(Shape.of(2, 3));
        assertThat(read.doubles()).containsExactly(1, 2, 3, 4, 5, -0.5);
        assertThat((Files.size(file) - 6 * 4) % 64).as("elements are aligned").isZero();
        Npy.of(Shape.of(2), 1L << 60, -1L).write(file);
        assertThat(Npy.read(file).longs()).containsExactly(1L << 60, -1L);
        Npy.of(Shape.SCALAR, 7f).write(file);
        assertThat(Npy.read(file).shape()).isEqualTo(Shape.SCALAR);
    }

    /** As numpy.save writes a boolean array of three. */
    @Test
    void numpysOwnFilesAreRead() throws IOException {
        String header = "{'descr': '|b1', 'fortran_order': False, 'shape': (3,), }";
        String text = header + " ".repeat(117 - header.length()) + "\n";
        Path file = folder.resolve("b.npy");
        byte[] start = {(byte) 0x93, 'N', 'U', 'M', 'P', 'Y', 1, 0, 118, 0};
        byte[] all = (new String(start, StandardCharsets.ISO_8859_1) + text + "\1\0\1")
                .getBytes(StandardCharsets.ISO_8859_1);
        Files.write(file, all);
        assertThat(Npy.read(file).longs()).containsExactly(1, 0, 1);
        Files.write(file, java.util.Arrays.copyOf(all, all.length - 1));
        assertThatThrownBy(() -> Npy.read(file)).isInstanceOf(EngineException.class)
                .hasMessageContaining("given 2 bytes");
        Files.write(file, java.util.Arrays.copyOf(all, 40));
        assertThatThrownBy(() -> Npy.read(file)).isInstanceOf(EngineException.class)
                .hasMessageContaining("cut short");
        Files.writeString(file, "no numpy file at all");
        assertThatThrownBy(() -> Npy.read(file)).isInstanceOf(EngineException.class)
                .hasMessageContaining("no npy file");
    }
}
