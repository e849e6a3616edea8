package dev.osteon.models.sam;

import dev.osteon.engine.dispatch.Dispatcher;
import dev.osteon.engine.dispatch.Replay;
import dev.osteon.engine.dispatch.WeightCopies;
import dev.osteon.engine.memory.TensorScope;
import dev.osteon.engine.tensor.DType;
import dev.osteon.engine.tensor.Device;
import dev.osteon.engine.tensor.Shape;
import dev.osteon.engine.tensor.Tensor;
import dev.osteon.models.onnx.OnnxModel;
import dev.osteon.models.onnx.graph.GraphReader;
import dev.osteon.models.onnx.optimise.FreeBatch;
import dev.osteon.models.onnx.optimise.Optimiser;
import dev.osteon.models.onnx.value.OnnxException;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;

/** The picture encoder of Segment Anything (Kirillov et al. 2023, section 3), an ONNX file, on our engine. */
public final class SamEncoder implements AutoCloseable {

    /** Side of the square that the network takes, in pixels. */
    static final int SIDE = 1024;

    /** ImageNet's mean and standard deviation of red, green and blue, on 0..255. */
    private static final float[] MEAN = {123.675f, 116.28f, 103.53f};
    private static final float[] DEVIATION = {58.395f, 57.12f, 57.375f};

    private final OnnxModel model;
    private final Replay replay;

    private SamEncoder(OnnxModel model) {
        this.model = model;
        replay = Replay.on(model.device());
    }

    /**
     * Reads an encoder with one input [b, 3, 1024, 1024] and one output [b, 256, 64, 64].
     *
     * @throws OnnxException when the file is damaged or no such model
     * @throws IOException   when it cannot be read
     */
    public static SamEncoder load(Path file, Device device) throws IOException {
        OnnxModel model = OnnxModel.of(Optimiser.optimised(FreeBatch.freed(GraphReader.read(file))), device,
                OnnxModel.Weights.FROZEN);
        if (model.inputs().size() != 1) {
            OnnxException error = new OnnxException(file + ": given inputs " + model.inputs()
                    + "; expected one picture [b, 3, 1024, 1024]; give the encoder of a SAM pair");
            model.close();
            throw error;
        }
        return new SamEncoder(model);
    }

    /** The embedding of a picture; needs no open scope. Calls of several threads take turns. */
    public synchronized Embedding encode(Picture picture) {
        try (TensorScope scope = TensorScope.open()) {
            Tensor x = Tensor.of(model.device(), Shape.of(1, Picture.PLANES, SIDE, SIDE), input(picture));
            return new Embedding(picture.width(), picture.height(), encode(x).toFloats());
        }
    }

    /**
     * The embeddings of pictures that are on the device: on a GPU, from the second time on, recorded and queued as a
     * whole. Under {@link Dispatcher#autocast} in mixed precision.
     *
     * @param pictures as the network takes them, [b, 3, 1024, 1024]
     * @return [b, 256, 64, 64], in the innermost scope
     */
    public Tensor encode(Tensor pictures) {
        return replay.run("encoder", List.of(pictures), inputs -> forward(inputs.getFirst()));
    }

    /** In mixed precision one operation casts all weights, where each use would cast its own. */
    private Tensor forward(Tensor pictures) {
        DType low = Dispatcher.autocast().orElse(DType.F32);
        try (WeightCopies copies = WeightCopies.of(low == DType.F32 ? List.of() : model.trainable(), low)) {
            return model.forward(pictures);
        }
    }

    /** [3, 1024, 1024]: resized, standardised, zeros right and below. */
    static float[] input(Picture picture) {
        Picture resized = picture.within(SIDE);
        int w = resized.width();
        int h = resized.height();
        float[] values = new float[Picture.PLANES * SIDE * SIDE];
        for (int c = 0; c < Picture.PLANES; c++) {
            for (int y = 0; y < h; y++) {
                for (int x = 0; x < w; x++) {
                    values[(c * SIDE + y) * SIDE + x] =
                            ((resized.samples()[(c * h + y) * w + x] & 0xFF) - MEAN[c]) / DEVIATION[c];
                }
            }
        }
        return values;
    }

    @Override
    public void close() {
        replay.close();
        model.close();
    }
}
