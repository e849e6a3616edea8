package dev.osteon.engine.tensor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.osteon.engine.ClosedTensorException;
import dev.osteon.engine.EngineException;
import dev.osteon.engine.dispatch.Dispatcher;
import dev.osteon.engine.memory.TensorScope;
import dev.osteon.engine.op.Ops;
import dev.osteon.engine.op.SgdStep;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Tensors over files: read as any other, and an error, not the end of the process, for who writes to them. */
class MappedTensorTest {

    @TempDir
    Path folder;

    /** 64 bytes of something else, then the values. */
    private Path file(float... values) throws IOException {
        ByteBuffer bytes = ByteBuffer.allocate(64 + values.length * Float.BYTES).order(ByteOrder.nativeOrder());
        for (float value : values) {
            bytes.putFloat(64 + bytes.position(), value).position(bytes.position() + Float.BYTES);
        }
        return Files.write(folder.resolve("values"), bytes.array());
    }

    private static Tensor map(Device device, Path file, DType dtype, int... dims) throws IOException {
        try (FileChannel channel = FileChannel.open(file, StandardOpenOption.READ)) {
            return Tensor.mapped(device, TensorSpec.of(Shape.of(dims), dtype), channel, 64);
        }
    }

    private static Device device(String name) {
        return name.equals("cpu") ? Device.CPU : Device.REFERENCE;
    }

    @ParameterizedTest
    @ValueSource(strings = {"cpu", "reference"})
    void isReadAsAnyOtherAndUnmappedWithItsLastHandle(String name) throws IOException {
        Path file = file(1, 2, 3, 4);
        long live = Tensor.live();
        MemorySegment memory;
        try (TensorScope scope = TensorScope.open()) {
            Tensor x = map(device(name), file, DType.F32, 2, 2);
            Files.delete(file);
            assertThat(x.toFloats()).containsExactly(1, 2, 3, 4);
            assertThat(Ops.matmul(x, x.transpose()).toFloats()).containsExactly(5, 11, 11, 25);
            Tensor flat = x.reshape(4);
            memory = x.segment();
            x.close();
            assertThat(flat.toFloats()).containsExactly(1, 2, 3, 4);
            assertThatThrownBy(x::segment).isInstanceOf(ClosedTensorException.class);
            assertThat(memory.scope().isAlive()).isTrue();
        }
        assertThat(memory.scope().isAlive()).isFalse();
        assertThat(Tensor.live()).isEqualTo(live);
    }

    @ParameterizedTest
    @ValueSource(strings = {"cpu", "reference"})
    void cannotBeWrittenTo(String name) throws IOException {
        try (TensorScope scope = TensorScope.open()) {
            Tensor x = map(device(name), file(1, 2), DType.F32, 2);
            Tensor g = Tensor.of(x.device(), Shape.of(2), 5f, 5f);
            Tensor rate = Tensor.of(x.device(), Shape.of(1), 1f);
            MemorySegment values = MemorySegment.ofArray(new float[] {7, 8});
            assertThatThrownBy(() -> x.assign(values)).isInstanceOf(EngineException.class).hasMessage(
                    "upload: given mapped f32[2], a mapped file that can only be read; expected memory to write to; "
                            + "copy the tensor first");
            assertThatThrownBy(() -> Dispatcher.runAll(new SgdStep(0.9, 0, SgdStep.Nesterov.NO),
                    List.of(x, g, Ops.mul(g, g), rate))).isInstanceOf(EngineException.class)
                    .hasMessageContaining("sgdstep: given mapped f32[2], a mapped file that can only be read");
            assertThatThrownBy(() -> HostData.set(x.segment(), DType.F32, 0, 3))
                    .isInstanceOf(RuntimeException.class);
            assertThat(x.toFloats()).containsExactly(1, 2);
        }
    }

    @Test
    void aFileThatIsTooShortAndAGpuAreRefused() throws IOException {
        Path file = file(1, 2);
        try (TensorScope scope = TensorScope.open()) {
            long live = Tensor.live();
            assertThatThrownBy(() -> map(Device.CPU, file, DType.F32, 3)).isInstanceOf(IOException.class);
            assertThatThrownBy(() -> map(new Device(Device.Kind.CUDA, 0), file, DType.F32, 2))
                    .isInstanceOf(EngineException.class).hasMessageContaining("given cuda:0");
            assertThat(Tensor.live()).isEqualTo(live);
        }
    }

    @Test
    void sixteenBitsAreUnsigned() throws IOException {
        Path file = Files.write(folder.resolve("levels"), new byte[64 + 4]);
        ByteBuffer levels = ByteBuffer.allocate(4).order(ByteOrder.nativeOrder()).putShort((short) 0xffff)
                .putShort((short) 1).flip();
        try (FileChannel channel = FileChannel.open(file, StandardOpenOption.WRITE)) {
            channel.write(levels, 64);
        }
        try (TensorScope scope = TensorScope.open()) {
            Tensor x = map(Device.CPU, file, DType.U16, 2);
            assertThat(x.toDoubles()).containsExactly(65535, 1);
            assertThat(x.to(DType.F32).toFloats()).containsExactly(65535, 1);
            assertThat(Tensor.of(Device.CPU, Shape.of(2), DType.U16, 65535, 40000).toDoubles())
                    .containsExactly(65535, 40000);
        }
    }
}
