package dev.osteon.models.sam;

import dev.osteon.engine.memory.TensorScope;
import dev.osteon.engine.tensor.Device;
import dev.osteon.engine.tensor.Shape;
import dev.osteon.engine.tensor.Tensor;
import dev.osteon.models.onnx.OnnxModel;
import dev.osteon.models.onnx.graph.Graph;
import dev.osteon.models.onnx.graph.GraphReader;
import dev.osteon.models.onnx.graph.ValueInfo;
import dev.osteon.models.onnx.value.ElementType;
import dev.osteon.models.onnx.value.HostArray;
import dev.osteon.models.onnx.optimise.Optimiser;
import dev.osteon.models.onnx.value.OnnxException;
import dev.osteon.models.onnx.value.Value;
import java.io.IOException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * The prompt encoder and mask decoder of Segment Anything as exported by its authors: one ONNX file with the inputs
 * {@code image_embeddings}, {@code point_coords}, {@code point_labels}, {@code mask_input}, {@code has_mask_input} and
 * {@code orig_im_size}. Its {@code iou_predictions} are not given out: they are near 1 for wrong masks, too.
 */
public final class SamDecoder implements AutoCloseable {

    private static final List<String> INPUTS = List.of("image_embeddings", "point_coords", "point_labels",
            "mask_input", "has_mask_input", "orig_im_size");
    private static final String COARSE = "low_res_masks";
    private static final double NOT_A_POINT = -1;

    private final OnnxModel model;

    private SamDecoder(OnnxModel model) {
        this.model = model;
    }

    /**
     * Reads a decoder.
     *
     * @throws OnnxException when the file is damaged or has other inputs and outputs
     * @throws IOException   when it cannot be read
     */
    public static SamDecoder load(Path file, Device device) throws IOException {
        Graph graph = GraphReader.read(file);
        if (!names(graph.inputs()).equals(Set.copyOf(INPUTS)) || !names(graph.outputs()).contains(COARSE)) {
            throw new OnnxException(file + ": given inputs " + graph.inputs() + " and outputs " + graph.outputs()
                    + "; expected " + INPUTS + " and " + COARSE + "; give the decoder of a SAM pair");
        }
        Graph coarse = graph.withOutputs(Set.of(COARSE));      // enlarging the masks is done here, not by the model
        return new SamDecoder(OnnxModel.of(Optimiser.optimised(coarse), device, OnnxModel.Weights.FROZEN));
    }

    private static Set<String> names(List<ValueInfo> values) {
        return values.stream().map(ValueInfo::name).collect(Collectors.toSet());
    }

    /**
     * The mask that a prompt asks for; needs no open scope. Calls of several threads take turns.
     *
     * @param prompt in pixels of the picture that {@code embedding} is of
     * @param before a mask to start from, of an earlier pass over the same picture
     */
    public synchronized MaskLogits decode(Embedding embedding, PointPrompt prompt, Optional<MaskLogits> before) {
        int points = prompt.positive().size() + prompt.negative().size();
        double scale = (double) SamEncoder.SIDE / Math.max(embedding.width(), embedding.height());
        double[] labels = new double[points + 1];
        double[] coordinates = new double[2 * labels.length];
        for (int i = 0; i < points; i++) {
            int negative = i - prompt.positive().size();
            Point point = negative < 0 ? prompt.positive().get(i) : prompt.negative().get(negative);
            coordinates[2 * i] = point.x() * scale;
            coordinates[2 * i + 1] = point.y() * scale;
            labels[i] = negative < 0 ? 1 : 0;
        }
        labels[points] = NOT_A_POINT;   // at (0, 0): the export wants it wherever there is no box
        try (TensorScope scope = TensorScope.open()) {
            Map<String, Value> inputs = new LinkedHashMap<>();
            put(inputs, 0, embedding.values(), 1, Embedding.CHANNELS, Embedding.SIDE, Embedding.SIDE);
            inputs.put(INPUTS.get(1), reals(Shape.of(1, points + 1, 2), coordinates));
            inputs.put(INPUTS.get(2), reals(Shape.of(1, points + 1), labels));
            put(inputs, 3, before.map(MaskLogits::coarse).orElseGet(() -> new float[MaskLogits.SIDE * MaskLogits.SIDE]),
                    1, 1, MaskLogits.SIDE, MaskLogits.SIDE);
            inputs.put(INPUTS.get(4), reals(Shape.of(1), before.isPresent() ? 1 : 0));
            inputs.put(INPUTS.get(5), reals(Shape.of(2), MaskLogits.SIDE, MaskLogits.SIDE));   // its masks are not read
            Value coarse = model.run(inputs).get(COARSE);
            return new MaskLogits(embedding.width(), embedding.height(), floats(coarse));
        }
    }

    private static float[] floats(Value value) {
        if (value instanceof Value.OnDevice(Tensor tensor)) {
            return tensor.toFloats();
        }
        double[] reals = value.toHost().reals();
        float[] floats = new float[reals.length];
        for (int i = 0; i < floats.length; i++) {
            floats[i] = (float) reals[i];
        }
        return floats;
    }

    private void put(Map<String, Value> inputs, int index, float[] values, int... dims) {
        inputs.put(INPUTS.get(index), Value.of(Tensor.of(model.device(), Shape.of(dims), values)));
    }

    private static Value reals(Shape shape, double... values) {
        return Value.of(HostArray.of(ElementType.FLOAT, shape, values));
    }

    @Override
    public void close() {
        model.close();
    }
}
