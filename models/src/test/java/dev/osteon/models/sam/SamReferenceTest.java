package dev.osteon.models.sam;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.osteon.engine.dispatch.Dispatcher;
import dev.osteon.engine.memory.TensorScope;
import dev.osteon.engine.op.Cast;
import dev.osteon.engine.op.Conv2d;
import dev.osteon.engine.op.Ops;
import dev.osteon.engine.tensor.DType;
import dev.osteon.engine.tensor.Device;
import dev.osteon.engine.tensor.Layout;
import dev.osteon.engine.tensor.Shape;
import dev.osteon.engine.tensor.Tensor;
import dev.osteon.models.onnx.value.OnnxException;
import dev.osteon.nn.SharedData;
import java.awt.image.Raster;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Embeddings, logits and masks of two pictures against another runtime's. */
class SamReferenceTest {

    private static final double LOGITS = 2e-3;
    private static final double OVERLAP = 0.999;

    @ParameterizedTest
    @ValueSource(strings = {"graz2024", "truck"})
    void everyCaseAgrees(String name) throws IOException {
        Path sam = SharedData.folder("sam");
        Path folder = sam.resolve("ref").resolve(name);
        Picture picture = picture(folder.resolve("image.png"));
        assertThat(SamEncoder.input(picture)).isEqualTo(numbers(folder.resolve("encoder_input.npy")));
        try (SamEncoder encoder = SamEncoder.load(sam.resolve("encoder.onnx"), Device.CPU);
                SamDecoder decoder = SamDecoder.load(sam.resolve("decoder.onnx"), Device.CPU)) {
            Embedding embedding = encoder.encode(picture);
            assertThat(largest(embedding.values(), numbers(folder.resolve("image_embeddings.npy")))).isLessThan(1e-4);
            for (JsonNode one : new ObjectMapper().readTree(folder.resolve("ref.json").toFile()).get("cases")) {
                String tag = one.get("tag").asText();
                MaskLogits mask = decoder.decode(embedding, prompt(one), before(one, folder, embedding));
                assertThat(largest(mask.coarse(), numbers(folder.resolve(tag + "_low_res_masks.npy")))).as(tag)
                        .isLessThan(LOGITS);
                assertThat(overlap(mask.atPixels(), folder.resolve(tag + "_mask.png"))).as(tag)
                        .isGreaterThanOrEqualTo(OVERLAP);
            }
        }
    }

    /** The file was traced with one picture. */
    @Test
    void picturesTogetherAreAsEachAlone() throws IOException {
        Path sam = SharedData.folder("sam");
        float[] first = numbers(sam.resolve("ref/graz2024/encoder_input.npy"));
        float[] second = numbers(sam.resolve("ref/truck/encoder_input.npy"));
        try (TensorScope _ = TensorScope.open();
                SamEncoder encoder = SamEncoder.load(sam.resolve("encoder.onnx"), Device.CPU)) {
            Tensor alone = Ops.concat(0, encode(encoder, 1, first), encode(encoder, 1, second));
            float[] both = Arrays.copyOf(first, 2 * first.length);
            System.arraycopy(second, 0, both, first.length, first.length);
            Tensor together = encode(encoder, 2, both);
            assertThat(together.shape()).isEqualTo(Shape.of(2, Embedding.CHANNELS, Embedding.SIDE, Embedding.SIDE));
            assertThat(largest(together.toFloats(), alone.toFloats())).isLessThan(1e-4);
        }
    }

    @Test
    void inMixedPrecisionPicturesStayIn16Bits() throws IOException {
        Path sam = SharedData.folder("sam");
        float[] picture = numbers(sam.resolve("ref/graz2024/encoder_input.npy"));
        List<String> widened = new ArrayList<>();
        List<String> convolved = new ArrayList<>();
        float[][] mixed = new float[1][];
        try (TensorScope _ = TensorScope.open();
                SamEncoder encoder = SamEncoder.load(sam.resolve("encoder.onnx"), Device.CPU);
                Dispatcher.Registration _ = Dispatcher.listen((op, in, out, nanos) -> {
                    if (op instanceof Cast && out.getFirst().dtype() == DType.F32 && in.getFirst().rank() == 4
                            && in.getFirst().layout() == Layout.NHWC) {
                        widened.add(in.getFirst().spec().toString());
                    }
                    if (op instanceof Conv2d && in.getFirst().dtype() != DType.BF16) {
                        convolved.add(in.getFirst().spec().toString());
                    }
                })) {
            Dispatcher.autocast(DType.BF16, () -> mixed[0] = encode(encoder, 1, picture).toFloats());
        }
        assertThat(widened).as("pictures that were cast to float32").hasSizeLessThanOrEqualTo(2);   // the neck's norms
        assertThat(convolved).as("convolutions in float32").isEmpty();
        assertThat(distance(mixed[0], numbers(sam.resolve("ref/graz2024/image_embeddings.npy")))).isLessThan(0.03);
    }

    /** The difference's length by the truth's. */
    private static double distance(float[] given, float[] truth) {
        double difference = 0;
        double length = 0;
        for (int i = 0; i < truth.length; i++) {
            difference += (given[i] - truth[i]) * (double) (given[i] - truth[i]);
            length += truth[i] * (double) truth[i];
        }
        return Math.sqrt(difference / length);
    }

    private static Tensor encode(SamEncoder encoder, int pictures, float[] values) {
        return encoder.encode(Tensor.of(Device.CPU, Shape.of(pictures, Picture.PLANES, SamEncoder.SIDE,
                SamEncoder.SIDE), values));
    }

    /** More different numbers of points than the decoder keeps programs for. */
    @Test
    void everyNumberOfPointsCanBeAskedForAgain() throws IOException {
        float[] values = new float[Embedding.CHANNELS * Embedding.SIDE * Embedding.SIDE];
        for (int i = 0; i < values.length; i++) {
            values[i] = (float) Math.sin(0.37 * i);
        }
        Embedding embedding = new Embedding(300, 400, values);
        try (SamDecoder decoder = SamDecoder.load(SharedData.folder("sam").resolve("decoder.onnx"), Device.CPU)) {
            List<float[]> first = new ArrayList<>();
            for (int round = 0; round < 2; round++) {
                List<Point> points = new ArrayList<>();
                for (int n = 0; n < 20; n++) {
                    points.add(new Point(20 + 12 * n, 30 + 15 * n));
                    float[] mask = decoder.decode(embedding, new PointPrompt(points, List.of()), Optional.empty())
                            .coarse();
                    if (round == 0) {
                        first.add(mask);
                    } else {
                        assertThat(mask).as("%s points", n + 1).isEqualTo(first.get(n));
                    }
                }
            }
        }
    }

    @Test
    void theHalvesOfAPairAreToldApart() {
        Path sam = SharedData.folder("sam");
        assertThatThrownBy(() -> SamEncoder.load(sam.resolve("decoder.onnx"), Device.CPU))
                .isInstanceOf(OnnxException.class).hasMessageContaining("give the encoder");
        assertThatThrownBy(() -> SamDecoder.load(sam.resolve("encoder.onnx"), Device.CPU))
                .isInstanceOf(OnnxException.class).hasMessageContaining("give the decoder");
    }

    private static Optional<MaskLogits> before(JsonNode one, Path folder, Embedding of) throws IOException {
        return one.get("has_mask_input").asInt() == 0 ? Optional.empty() : Optional.of(new MaskLogits(of.width(),
                of.height(), numbers(folder.resolve(one.get("mask_input").asText()))));
    }

    private static PointPrompt prompt(JsonNode one) {
        List<Point> positive = new ArrayList<>();
        List<Point> negative = new ArrayList<>();
        one.get("points_px").forEach(point -> (point.get(2).asInt() == 1 ? positive : negative)
                .add(new Point(point.get(0).asDouble(), point.get(1).asDouble())));
        return new PointPrompt(positive, negative);
    }

    private static Picture picture(Path file) throws IOException {
        Raster raster = ImageIO.read(file.toFile()).getRaster();
        int w = raster.getWidth();
        int h = raster.getHeight();
        byte[] samples = new byte[Picture.PLANES * w * h];
        for (int c = 0; c < Picture.PLANES; c++) {
            for (int i = 0; i < w * h; i++) {
                samples[c * w * h + i] = (byte) raster.getSample(i % w, i / w, Math.min(c, raster.getNumBands() - 1));
            }
        }
        return new Picture(w, h, samples);
    }

    /** The float32 values of a .npy file. */
    private static float[] numbers(Path file) throws IOException {
        ByteBuffer bytes = ByteBuffer.wrap(Files.readAllBytes(file)).order(ByteOrder.LITTLE_ENDIAN);
        bytes.position(10 + bytes.getShort(8));
        float[] values = new float[bytes.remaining() / Float.BYTES];
        bytes.slice().order(ByteOrder.LITTLE_ENDIAN).asFloatBuffer().get(values);
        return values;
    }

    private static double largest(float[] a, float[] b) {
        assertThat(a).hasSameSizeAs(b);
        double largest = 0;
        for (int i = 0; i < a.length; i++) {
            largest = Math.max(largest, Math.abs(a[i] - b[i]));
        }
        return largest;
    }

    private static double overlap(float[] logits, Path mask) throws IOException {
        Raster truth = ImageIO.read(mask.toFile()).getRaster();
        int both = 0;
        int either = 0;
        for (int i = 0; i < logits.length; i++) {
            boolean given = logits[i] > 0;
            boolean wanted = truth.getSample(i % truth.getWidth(), i / truth.getWidth(), 0) > 0;
            both += given && wanted ? 1 : 0;
            either += given || wanted ? 1 : 0;
        }
        return (double) both / either;
    }
}
