package dev.osteon.models.onnx;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.osteon.engine.autograd.Gradients;
import dev.osteon.engine.autograd.Tape;
import dev.osteon.engine.io.Npy;
import dev.osteon.engine.memory.TensorScope;
import dev.osteon.engine.op.Ops;
import dev.osteon.engine.tensor.Device;
import dev.osteon.engine.tensor.Shape;
import dev.osteon.engine.tensor.Tensor;
import dev.osteon.models.onnx.value.Value;
import dev.osteon.nn.Parameter;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The segmentation pair against onnxruntime's results, and the decoder in training. */
class SamTest {

    private static final double LOGIT_TOLERANCE = 2e-3;

    @ParameterizedTest
    @ValueSource(strings = {"truck", "graz2024"})
    void embeddingsLogitsAndMasksAreOnnxruntimes(String picture) throws IOException {
        long before = Tensor.live();
        Path reference = SharedData.at("sam/ref/" + picture);
        JsonNode cases = new ObjectMapper().readTree(reference.resolve("ref.json").toFile());
        try (TensorScope _ = TensorScope.open();
                OnnxModel encoder = OnnxModel.load(SharedData.at("sam/encoder.onnx"), Device.CPU);
                OnnxModel decoder = OnnxModel.load(SharedData.at("sam/decoder.onnx"), Device.CPU)) {
            Tensor embeddings = encoder.forward(tensor(Npy.read(reference.resolve("encoder_input.npy"))));
            assertThat(difference(embeddings, reference.resolve("image_embeddings.npy"))).isLessThan(LOGIT_TOLERANCE);
            for (JsonNode each : cases.get("cases")) {
                String tag = each.get("tag").asText();
                Map<String, Value> outputs = decoder.run(prompt(cases, each, embeddings, reference));
                Tensor logits = ((Value.OnDevice) outputs.get("low_res_masks")).tensor();
                assertThat(difference(logits, reference.resolve(tag + "_low_res_masks.npy"))).as(tag)
                        .isLessThan(LOGIT_TOLERANCE);
                float[] mask = ((Value.OnDevice) outputs.get("masks")).tensor().toFloats();
                assertThat(overlap(mask, ImageIO.read(reference.resolve(tag + "_mask.png").toFile()))).as(tag)
                        .isGreaterThanOrEqualTo(0.999);
            }
        }
        assertThat(Tensor.live()).isEqualTo(before);
    }

    private static Tensor tensor(Npy array) {
        float[] values = new float[(int) array.shape().size()];
        array.data().asFloatBuffer().get(values);
        return Tensor.of(Device.CPU, array.shape(), values);
    }

    private static double difference(Tensor actual, Path expected) throws IOException {
        double[] wanted = Npy.read(expected).doubles();
        double[] given = actual.toDoubles();
        assertThat(given).hasSameSizeAs(wanted);
        double worst = 0;
        for (int i = 0; i < wanted.length; i++) {
            double difference = Math.abs(given[i] - wanted[i]);
            worst = difference <= worst ? worst : difference;
        }
        return worst;
    }

    /** The case's points, scaled, with the extra point (0, 0) of label −1; the mask of the case that it names. */
    private static Map<String, Value> prompt(JsonNode picture, JsonNode each, Tensor embeddings, Path reference)
            throws IOException {
        double scale = picture.get("scale").asDouble();
        List<Float> coordinates = new ArrayList<>();
        List<Float> labels = new ArrayList<>();
        each.get("points_px").forEach(point -> {
            coordinates.add((float) (point.get(0).asDouble() * scale));
            coordinates.add((float) (point.get(1).asDouble() * scale));
            labels.add((float) point.get(2).asDouble());
        });
        coordinates.addAll(List.of(0f, 0f));
        labels.add(-1f);
        boolean masked = each.get("has_mask_input").asInt() == 1;
        Tensor mask = masked ? tensor(Npy.read(reference.resolve(each.get("mask_input").asText())))
                : Tensor.of(Device.CPU, Shape.of(1, 1, 256, 256), new float[256 * 256]);
        Map<String, Value> inputs = new LinkedHashMap<>();
        inputs.put("image_embeddings", Value.of(embeddings));
        inputs.put("point_coords", Value.of(Tensor.of(Device.CPU, Shape.of(1, labels.size(), 2), array(coordinates))));
        inputs.put("point_labels", Value.of(Tensor.of(Device.CPU, Shape.of(1, labels.size()), array(labels))));
        inputs.put("mask_input", Value.of(mask));
        inputs.put("has_mask_input", Value.of(Tensor.of(Device.CPU, Shape.of(1), masked ? 1f : 0f)));
        inputs.put("orig_im_size", Value.of(Tensor.of(Device.CPU, Shape.of(2),
                (float) picture.get("image").get(1).asDouble(), (float) picture.get("image").get(0).asDouble())));
        return inputs;
    }

    private static float[] array(List<Float> list) {
        float[] values = new float[list.size()];
        for (int i = 0; i < values.length; i++) {
            values[i] = list.get(i);
        }
        return values;
    }

    private static double overlap(float[] logits, BufferedImage mask) {
        assertThat(logits).hasSize(mask.getWidth() * mask.getHeight());
        int both = 0;
        int either = 0;
        for (int i = 0; i < logits.length; i++) {
            boolean ours = logits[i] > 0;
            boolean theirs = mask.getRaster().getSample(i % mask.getWidth(), i / mask.getWidth(), 0) > 0;
            both += ours && theirs ? 1 : 0;
            either += ours || theirs ? 1 : 0;
        }
        return either == 0 ? 1 : (double) both / either;
    }

    @Test
    void theDecodersLastLayerCanBeTrained() throws IOException {
        Path reference = SharedData.at("sam/ref/truck");
        JsonNode picture = new ObjectMapper().readTree(reference.resolve("ref.json").toFile());
        try (TensorScope _ = TensorScope.open();
                OnnxModel decoder = OnnxModel.load(SharedData.at("sam/decoder.onnx"), Device.CPU)) {
            Tensor embeddings = tensor(Npy.read(reference.resolve("image_embeddings.npy")));
            Map<String, Value> inputs = prompt(picture, picture.get("cases").get(0), embeddings, reference);
            List<Tensor> trained = decoder.parameters().entrySet().stream()
                    .filter(p -> p.getKey().contains("output_upscaling.3"))
                    .map(p -> p.getValue().tensor()).toList();
            assertThat(trained).as("weights of the last layer in %s", decoder.parameters().keySet()).isNotEmpty();
            List<Double> losses = new ArrayList<>();
            for (int step = 0; step < 4; step++) {
                try (TensorScope _ = TensorScope.open(); Tape tape = Tape.watching(trained)) {
                    Tensor logits = ((Value.OnDevice) decoder.run(inputs).get("low_res_masks")).tensor();
                    Tensor error = Ops.affine(logits, 1, -5);        // towards a mask that is everywhere
                    Tensor loss = Ops.mean(Ops.mul(error, error));
                    losses.add(loss.item());
                    try (Gradients gradients = tape.gradients(loss, trained)) {
                        descend(decoder, trained, gradients);
                    }
                }
            }
            for (int i = 1; i < losses.size(); i++) {
                assertThat(losses.get(i)).as("losses %s", losses).isLessThan(losses.get(i - 1));
            }
        }
    }

    private static void descend(OnnxModel model, List<Tensor> trained, Gradients gradients) {
        for (Parameter parameter : model.parameters().values()) {
            if (trained.contains(parameter.tensor())) {
                Tensor slope = gradients.of(parameter.tensor());
                double length = Math.sqrt(Ops.sum(Ops.mul(slope, slope)).item());
                parameter.assign(Ops.sub(parameter.tensor(), Ops.affine(slope, 0.01 / Math.max(length, 1e-12), 0)));
            }
        }
    }
}
