package dev.osteon.models.onnx;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowable;

import dev.osteon.engine.EngineException;
import dev.osteon.engine.memory.TensorScope;
import dev.osteon.engine.tensor.Device;
import dev.osteon.engine.tensor.Shape;
import dev.osteon.engine.tensor.Tensor;
import dev.osteon.models.onnx.graph.Graph;
import dev.osteon.models.onnx.graph.GraphReader;
import dev.osteon.models.onnx.graph.ValueInfo;
import dev.osteon.models.onnx.optimise.Optimiser;
import dev.osteon.models.onnx.proto.Onnx.GraphProto;
import dev.osteon.models.onnx.proto.Onnx.ModelProto;
import dev.osteon.models.onnx.proto.Onnx.NodeProto;
import dev.osteon.models.onnx.proto.Onnx.StringStringEntryProto;
import dev.osteon.models.onnx.proto.Onnx.TensorProto;
import dev.osteon.models.onnx.proto.Onnx.TensorShapeProto;
import dev.osteon.models.onnx.proto.Onnx.TypeProto;
import dev.osteon.models.onnx.proto.Onnx.ValueInfoProto;
import dev.osteon.models.onnx.value.ElementType;
import dev.osteon.models.onnx.value.HostArray;
import dev.osteon.models.onnx.value.NotSupportedException;
import dev.osteon.models.onnx.value.Value;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.net.URISyntaxException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.SplittableRandom;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Files that are damaged, or made to do harm, give an error of one line: written ones, and bounded numbers of mutants
 * of a seeded corpus.
 */
@Timeout(value = 5, unit = TimeUnit.MINUTES, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class HostileFilesTest {

    private static final int MUTANTS = 120;
    private static final int LARGEST_INPUT = 4096;

    private static Path folder(String name) {
        try {
            return Path.of(Objects.requireNonNull(HostileFilesTest.class.getResource("/onnx/" + name)).toURI());
        } catch (URISyntaxException e) {
            throw new IllegalStateException(e);
        }
    }

    private static List<Path> models(String name) throws IOException {
        try (Stream<Path> files = Files.list(folder(name))) {
            return files.filter(f -> f.toString().endsWith(".onnx")).sorted().toList();
        }
    }

    static List<Path> hostile() throws IOException {
        return models("hostile");
    }

    static List<Path> corpus() throws IOException {
        return models("corpus");
    }

    /**
     * Builds and runs a model over inputs whose free sizes are 4.
     *
     * @return whether it was run: not over large inputs
     */
    private static boolean use(Graph graph) {
        try (TensorScope _ = TensorScope.open();
                OnnxModel model = OnnxModel.of(Optimiser.optimised(graph), Device.CPU)) {
            Map<String, Value> inputs = new HashMap<>();
            for (ValueInfo input : model.inputs()) {
                ElementType type = input.type().orElse(ElementType.FLOAT);
                int[] dims = input.dims().orElse(List.of()).stream().mapToInt(d -> d.size().orElse(4)).toArray();
                if (Arrays.stream(dims).asLongStream().reduce(1, (a, b) -> Math.min(a * b, 1L << 31)) > LARGEST_INPUT) {
                    return false;
                }
                Shape shape = Shape.of(dims);
                HostArray zeros = type == ElementType.STRING
                        ? HostArray.of(shape, Stream.generate(() -> "a").limit(shape.size()).toArray(String[]::new))
                        : HostArray.of(type, shape, new double[(int) shape.size()]);
                inputs.put(input.name(), type.isComputed() ? Value.of(zeros.upload(Device.CPU, model.floating()))
                        : Value.of(zeros));
            }
            model.run(inputs);
            return true;
        }
    }

    @ParameterizedTest
    @MethodSource("corpus")
    void theCorpusItselfRuns(Path file) throws IOException {
        assertThat(use(GraphReader.read(file))).isTrue();
    }

    @ParameterizedTest
    @MethodSource("hostile")
    void oneLineSaysWhatIsWrong(Path file) {
        long before = Tensor.live();
        Throwable error = catchThrowable(() -> use(GraphReader.read(file)));
        assertThat(error).as(file.toString()).isInstanceOf(EngineException.class);
        assertThat(error.getMessage()).isNotBlank().doesNotContain("\n").doesNotContain("null");
        assertThat(Tensor.live()).as("open tensors").isEqualTo(before);
    }

    @ParameterizedTest
    @MethodSource("corpus")
    void mutants(Path file) throws IOException {
        long before = Tensor.live();
        byte[] seed = Files.readAllBytes(file);
        byte[] other = Files.readAllBytes(corpus().getFirst());
        SplittableRandom random = new SplittableRandom(file.getFileName().toString().hashCode());
        int run = 0;
        int refused = 0;
        for (int i = 0; i < MUTANTS; i++) {
            byte[] mutant = mutate(seed, other, random);
            try {
                run += use(GraphReader.read(mutant, "mutant", Optional.of(file.getParent()))) ? 1 : 0;
            } catch (EngineException e) {
                refused++;
                assertThat(e.getMessage()).isNotBlank().doesNotContain("\n");
            } catch (RuntimeException | Error e) {
                throw new AssertionError("mutant " + i + " of " + file.getFileName() + " gives " + e, e);
            }
        }
        assertThat(run).as("mutants that run").isPositive();
        assertThat(refused).as("mutants that are refused").isPositive();
        assertThat(Tensor.live()).as("open tensors").isEqualTo(before);
    }

    /** One to four changes: a bit, a byte, a run copied elsewhere or from another file, bytes cut out, the end cut. */
    private static byte[] mutate(byte[] seed, byte[] other, SplittableRandom random) {
        byte[] bytes = seed.clone();
        for (int changes = random.nextInt(1, 5); changes > 0 && bytes.length > 1; changes--) {
            int at = random.nextInt(bytes.length);
            int length = Math.min(random.nextInt(1, 16), bytes.length - at);
            switch (random.nextInt(6)) {
                case 0 -> bytes[at] ^= (byte) (1 << random.nextInt(8));
                case 1 -> bytes[at] = (byte) random.nextInt(256);
                case 2 -> System.arraycopy(bytes, random.nextInt(bytes.length - length + 1), bytes, at, length);
                case 3 -> System.arraycopy(other, 0, bytes, at, Math.min(length, other.length));
                case 4 -> {
                    byte[] shorter = Arrays.copyOf(bytes, bytes.length - length);
                    System.arraycopy(bytes, at + length, shorter, at, bytes.length - at - length);
                    bytes = shorter;
                }
                default -> bytes = random.nextInt(8) == 0 ? Arrays.copyOf(bytes, at) : bytes;
            }
        }
        return bytes;
    }

    @Test
    void whatIsNotSupportedIsNamedBeforeAnythingRuns() throws IOException {
        Graph loop = GraphReader.read(folder("hostile").resolve("loop.onnx"));
        assertThatThrownBy(() -> OnnxModel.of(loop, Device.CPU)).isInstanceOf(NotSupportedException.class)
                .hasMessageContaining("Loop (opset 17) at node forever is control flow");
        Graph unknown = GraphReader.read(folder("hostile").resolve("unknown-operation.onnx"));
        assertThatThrownBy(() -> OnnxModel.of(unknown, Device.CPU)).isInstanceOf(NotSupportedException.class)
                .hasMessageContaining("Frobnicate (opset 17) at node odd is not supported");
    }

    @Test
    void moreExternalDataThanAnArrayHoldsIsOneLine(@TempDir Path folder) throws IOException {
        Files.createFile(folder.resolve("w"));
        ModelProto model = ModelProto.newBuilder().setGraph(GraphProto.newBuilder()
                .addInitializer(TensorProto.newBuilder().setName("w").setDataType(1).addDims(1 << 30)
                        .setDataLocation(TensorProto.DataLocation.EXTERNAL)
                        .addExternalData(StringStringEntryProto.newBuilder().setKey("location").setValue("w")))
                .addNode(NodeProto.newBuilder().setOpType("Relu").addInput("w").addOutput("y"))
                .addOutput(ValueInfoProto.newBuilder().setName("y"))).build();
        try (RandomAccessFile large = new RandomAccessFile(folder.resolve("w").toFile(), "rw")) {
            large.setLength(4L << 30);          // of no bytes on the disk
        }
        assertThatThrownBy(() -> use(GraphReader.read(model.toByteArray(), "large", Optional.of(folder))))
                .isInstanceOf(EngineException.class).hasMessageContaining("expected less than 2 GiB");
    }

    @Test
    void sizesWhoseProductIsNoNumberAreOneLine() {
        TypeProto.Tensor.Builder type = TypeProto.Tensor.newBuilder().setElemType(1);
        for (int i = 0; i < 3; i++) {
            type.getShapeBuilder().addDim(TensorShapeProto.Dimension.newBuilder().setDimValue(Integer.MAX_VALUE));
        }
        Graph graph = GraphReader.read(ModelProto.newBuilder().setGraph(GraphProto.newBuilder()
                .addInput(ValueInfoProto.newBuilder().setName("x").setType(TypeProto.newBuilder().setTensorType(type)))
                .addNode(NodeProto.newBuilder().setOpType("Relu").addInput("x").addOutput("y"))
                .addOutput(ValueInfoProto.newBuilder().setName("y"))).build().toByteArray(), "wide", Optional.empty());
        try (OnnxModel model = OnnxModel.of(graph, Device.CPU)) {
            assertThatThrownBy(() -> Survey.cost(model, Map.of())).isInstanceOf(EngineException.class)
                    .hasMessageContaining("expected fewer than 2^63 elements");
        }
    }

    @Test
    void aModelOfTextsHasACost() throws IOException {
        Graph graph = GraphReader.read(ModelProto.newBuilder().setGraph(GraphProto.newBuilder()
                .addInput(ValueInfoProto.newBuilder().setName("x").setType(TypeProto.newBuilder()
                        .setTensorType(TypeProto.Tensor.newBuilder().setElemType(8))))
                .addNode(NodeProto.newBuilder().setOpType("Identity").addInput("x").addOutput("y"))
                .addOutput(ValueInfoProto.newBuilder().setName("y"))).build().toByteArray(), "texts", Optional.empty());
        try (OnnxModel model = OnnxModel.of(graph, Device.CPU)) {
            assertThat(Survey.cost(model, Map.of()).flops()).isZero();
        }
    }

    @Test
    void externalDataIsReadFromTheModelsFolderOnly(@TempDir Path temporary) throws IOException {
        Path models = Files.createDirectory(temporary.resolve("models"));
        byte[] numbers = Files.readAllBytes(folder("hostile").resolve("weights.bin"));
        Files.write(temporary.resolve("secret.bin"), numbers);
        byte[] model = Files.readAllBytes(folder("hostile").resolve("external-negative-offset.onnx"));
        byte[] plain = new String(model, StandardCharsets.ISO_8859_1).replace("-4", "44")      // as long: offset 44
                .getBytes(StandardCharsets.ISO_8859_1);
        Files.createSymbolicLink(models.resolve("weights.bin"), temporary.resolve("secret.bin"));
        assertThatThrownBy(() -> use(GraphReader.read(plain, "linked", Optional.of(models))))
                .isInstanceOf(EngineException.class).hasMessageContaining("expected a file in the model's folder");
        Files.delete(models.resolve("weights.bin"));
        Files.write(models.resolve("weights.bin"), new byte[64]);
        use(GraphReader.read(plain, "in place", Optional.of(models)));
    }
}
