package dev.osteon.engine.io;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.osteon.engine.tensor.DType;
import dev.osteon.engine.tensor.Shape;
import dev.osteon.engine.tensor.TensorSpec;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class SafeTensorsTest {

    @TempDir
    Path folder;

    @Test
    void readsBackWhatItWroteInOrder() throws IOException {
        Path file = folder.resolve("a.safetensors");
        Map<String, SafeTensors.Entry> tensors = new LinkedHashMap<>();
        tensors.put("z", entry(DType.F32, Shape.of(2, 1), MemorySegment.ofArray(new float[] {1.5f, -2})));
        tensors.put("a", entry(DType.I64, Shape.SCALAR, MemorySegment.ofArray(new long[] {7})));
        tensors.put("levels", entry(DType.U16, Shape.of(2), MemorySegment.ofArray(new short[] {1, -1})));
        tensors.put("empty", entry(DType.U8, Shape.of(0, 3), MemorySegment.ofArray(new byte[0])));
        new SafeTensors(tensors, Map.of("epoch", "3")).write(file);
        try (Arena arena = Arena.ofConfined()) {
            SafeTensors read = SafeTensors.map(file, arena);
            assertThat(read.tensors().keySet()).containsExactly("z", "a", "levels", "empty");
            assertThat(read.metadata()).containsEntry("epoch", "3");
            assertThat(read.tensors().get("z").data().toArray(ValueLayout.JAVA_FLOAT_UNALIGNED))
                    .containsExactly(1.5f, -2);
            assertThat(read.tensors().get("z").spec()).isEqualTo(TensorSpec.of(Shape.of(2, 1), DType.F32));
            assertThat(read.tensors().get("a").data().get(ValueLayout.JAVA_LONG_UNALIGNED, 0)).isEqualTo(7);
            assertThat(read.tensors().get("levels").spec()).isEqualTo(TensorSpec.of(Shape.of(2), DType.U16));
            assertThat(read.tensors().get("levels").data().toArray(ValueLayout.JAVA_SHORT_UNALIGNED))
                    .containsExactly((short) 1, (short) 0xffff);
        }
        try (Stream<Path> files = Files.list(folder)) {
            assertThat(files).containsExactly(file);   // no temporary file is left
        }
    }

    private static SafeTensors.Entry entry(DType dtype, Shape shape, MemorySegment data) {
        return new SafeTensors.Entry(TensorSpec.of(shape, dtype), data);
    }

    @ParameterizedTest
    @ValueSource(strings = {
        "[]",
        "{\"a\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,9]}}",
        "{\"a\":{\"dtype\":\"F32\",\"shape\":[4],\"data_offsets\":[0,16]}}",
        "{\"a\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[-8,0]}}",
        "{\"a\":{\"dtype\":\"F32\",\"shape\":[2147483647,2147483647,2147483647],\"data_offsets\":[0,8]}}",
        "{\"a\":{\"dtype\":\"F8\",\"shape\":[8],\"data_offsets\":[0,8]}}",
        "{\"a\":{\"dtype\":\"F32\",\"shape\":[-2],\"data_offsets\":[0,8]}}",
        "{\"a\":{\"dtype\":\"F32\"}}",
        "{\"a\":",
    })
    void hostileHeadersGiveOneClearError(String header) throws IOException {
        byte[] text = header.getBytes(StandardCharsets.UTF_8);
        ByteBuffer bytes = ByteBuffer.allocate(8 + text.length + 8).order(ByteOrder.LITTLE_ENDIAN);
        bytes.putLong(text.length).put(text);
        Path file = Files.write(folder.resolve("bad"), bytes.array());
        try (Arena arena = Arena.ofConfined()) {
            assertThatThrownBy(() -> SafeTensors.map(file, arena)).isInstanceOf(IOException.class)
                    .hasMessageContaining(file.toString());
        }
    }

    @Test
    void aHeaderLengthBeyondTheFileIsRefused() throws IOException {
        byte[] bytes = ByteBuffer.allocate(16).order(ByteOrder.LITTLE_ENDIAN).putLong(Long.MAX_VALUE).array();
        Path file = Files.write(folder.resolve("bad"), bytes);
        try (Arena arena = Arena.ofConfined()) {
            assertThatThrownBy(() -> SafeTensors.map(file, arena)).isInstanceOf(IOException.class);
        }
        Path tiny = Files.write(folder.resolve("tiny"), new byte[3]);
        try (Arena arena = Arena.ofConfined()) {
            assertThatThrownBy(() -> SafeTensors.map(tiny, arena)).isInstanceOf(IOException.class);
        }
    }
}
