package dev.osteon.app.segment;

import dev.osteon.app.Hashes;
import dev.osteon.app.image.GrayImage;
import dev.osteon.engine.io.SafeTensors;
import dev.osteon.engine.tensor.DType;
import dev.osteon.engine.tensor.Shape;
import dev.osteon.engine.tensor.TensorSpec;
import dev.osteon.models.sam.Embedding;
import dev.osteon.models.sam.SamEncoder;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * The encoder with a folder of what it computed before: one safetensors file for each window of each image, named by
 * the hash of the samples, the encoder's file and the window.
 */
public final class Embeddings {

    private static final String NAME = "embedding";
    private static final ValueLayout.OfFloat FLOAT =
            ValueLayout.JAVA_FLOAT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

    private final SamEncoder encoder;
    private final String encoderHash;
    private final Path folder;

    /**
     * @param encoderHash SHA-256 of its file
     * @param folder      where they are kept; made when first needed
     */
    public Embeddings(SamEncoder encoder, String encoderHash, Path folder) {
        this.encoder = encoder;
        this.encoderHash = encoderHash;
        this.folder = folder;
    }

    /** The embedding of an image. */
    public Embedding whole(GrayImage image) throws IOException {
        return of(image, Window.whole(image));
    }

    /** The embedding of a window, from the folder if it is there and whole. */
    Embedding of(GrayImage image, Window window) throws IOException {
        String key = Hashes.of(image, encoderHash + window);
        Path file = folder.resolve(key + ".safetensors");
        if (Files.exists(file)) {
            try (Arena arena = Arena.ofConfined()) {
                MemorySegment data = SafeTensors.map(file, arena).tensors().get(NAME).data();
                float[] values = new float[(int) (data.byteSize() / Float.BYTES)];
                MemorySegment.copy(data, FLOAT, 0, values, 0, values.length);
                return new Embedding(window.width(), window.height(), values);
            } catch (IOException | RuntimeException damaged) {
                Files.deleteIfExists(file);   // it is computed again
            }
        }
        Embedding embedding = encoder.encode(window.of(image));
        Map<String, SafeTensors.Entry> tensors = new LinkedHashMap<>();
        TensorSpec spec = TensorSpec.of(Shape.of(1, 256, 64, 64), DType.F32);
        tensors.put(NAME, new SafeTensors.Entry(spec, MemorySegment.ofArray(embedding.values())));
        new SafeTensors(tensors, Map.of("window", window.toString(), "encoder", encoderHash)).write(file);
        return embedding;
    }
}
