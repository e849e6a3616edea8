package dev.osteon.app.command;

import static org.assertj.core.api.Assertions.assertThat;

import dev.osteon.app.Osteon;
import dev.osteon.engine.io.Npy;
import dev.osteon.engine.tensor.Shape;
import dev.osteon.engine.tensor.Tensor;
import dev.osteon.models.onnx.proto.Onnx.GraphProto;
import dev.osteon.models.onnx.proto.Onnx.ModelProto;
import dev.osteon.models.onnx.proto.Onnx.NodeProto;
import dev.osteon.models.onnx.proto.Onnx.TypeProto;
import dev.osteon.models.onnx.proto.Onnx.ValueInfoProto;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The commands over the small models that the importer's own tests use. */
class OnnxCommandTest {

    private static final Path MODELS = Path.of("../models/src/test/resources/onnx");

    @TempDir
    private Path folder;

    private final Osteon osteon = new Osteon();

    @Test
    void inspectSaysWhatAModelIs() {
        long live = Tensor.live();
        int code = osteon.run("onnx", "inspect", MODELS.resolve("corpus/convolution.onnx").toString(), "--shape",
                "x=1,2,16,16");
        assertThat(code).as(osteon.err()).isZero();
        assertThat(osteon.out()).contains("x float[n, 2, h, w]").contains("BatchNormalization").contains("parameters")
                .contains("GFLOP");
        assertThat(Tensor.live()).isEqualTo(live);
    }

    @Test
    void inspectNamesWhatIsNotSupported() {
        assertThat(osteon.run("onnx", "inspect", MODELS.resolve("hostile/loop.onnx").toString())).isEqualTo(1);
        assertThat(osteon.out()).contains("unsupported Loop (opset 17) at node forever: control flow");
    }

    @Test
    void runWritesTheOutputs() throws IOException {
        Path x = folder.resolve("x.npy");
        Npy.of(Shape.of(2, 3), 1f, 2f, 3f, -1f, 0f, 1f).write(x);
        int code = osteon.run("onnx", "run", MODELS.resolve("corpus/old-opset.onnx").toString(), "--input", "x=" + x,
                "--out", folder.resolve("out").toString());
        assertThat(code).as(osteon.err()).isZero();
        assertThat(Npy.read(folder.resolve("out/y.npy")).doubles()).containsExactly(1, 1);   // softmax over one column
    }

    @Test
    void badFilesAndShapesAreOneLine() throws IOException {
        assertThat(osteon.run("onnx", "inspect", MODELS.resolve("hostile/text.onnx").toString())).isEqualTo(2);
        Path x = folder.resolve("x.npy");
        Npy.of(Shape.of(2, 4), 0, 0, 0, 0, 0, 0, 0, 0f).write(x);
        assertThat(osteon.run("onnx", "run", MODELS.resolve("corpus/old-opset.onnx").toString(), "--input", "x=" + x,
                "--out", folder.toString())).isEqualTo(2);
        assertThat(osteon.run("onnx", "run", MODELS.resolve("corpus/old-opset.onnx").toString(), "--input", "z=" + x,
                "--out", folder.toString())).isEqualTo(2);
        assertThat(osteon.err().lines()).hasSize(3).allMatch(line -> line.startsWith("osteon: "));
        assertThat(osteon.err()).contains("is not an ONNX model").contains("given shape [2, 4] for input x")
                .contains("given inputs [z]");
    }

    @Test
    void runWithoutInputsSaysWhichAndHow() {
        assertThat(osteon.run("onnx", "run", MODELS.resolve("corpus/convolution.onnx").toString())).isEqualTo(2);
        assertThat(osteon.err().strip()).hasLineCount(1).contains("given no inputs; expected [x]", "--input x=x.npy");
        assertThat(osteon.out().strip()).isEqualTo("input       x float[n, 2, h, w]");
    }

    @Test
    void whatIsNoModelIsToldWithWhatToDo() throws IOException {
        for (String bytes : new String[] {"", "This is a text.", "PK\u0003\u0004archive"}) {
            Path file = Files.writeString(folder.resolve("other.onnx"), bytes);
            osteon.forget();
            assertThat(osteon.run("onnx", "inspect", file.toString())).isEqualTo(2);
            assertThat(osteon.err().strip()).hasLineCount(1).contains("other.onnx is not an ONNX model",
                    "export the model to ONNX, or fetch the file again").doesNotContain(".;");
        }
    }

    private Path identities(String... outputs) throws IOException {
        GraphProto.Builder graph = GraphProto.newBuilder().addInput(ValueInfoProto.newBuilder().setName("x")
                .setType(TypeProto.newBuilder().setTensorType(TypeProto.Tensor.newBuilder().setElemType(1))));
        for (String output : outputs) {
            graph.addNode(NodeProto.newBuilder().setOpType("Neg").addInput("x").addOutput(output))
                    .addOutput(ValueInfoProto.newBuilder().setName(output));
        }
        return Files.write(folder.resolve("names.onnx"), ModelProto.newBuilder().setGraph(graph).build().toByteArray());
    }

    @Test
    void outputsWhoseNamesDifferInSignsOnlyAreAllWritten() throws IOException {
        Path x = folder.resolve("x.npy");
        Npy.of(Shape.of(1), 1f).write(x);
        assertThat(osteon.run("onnx", "run", identities("a/b", "a:b").toString(), "--input", "x=" + x, "--out",
                folder.toString())).as(osteon.err()).isZero();
        assertThat(folder.resolve("a_b.npy")).exists();
        assertThat(folder.resolve("a_b-2.npy")).exists();
    }

    @Test
    void namesInAFileCannotSteerTheTerminal() throws IOException {
        assertThat(osteon.run("onnx", "inspect", identities("y\u001b[2J\u009b1A").toString())).as(osteon.err())
                .isZero();
        assertThat(osteon.out()).contains("output      y [2J 1A").doesNotContain("\u001b", "\u009b");
    }

    @Test
    void aShapeForNoInputIsAnError() throws IOException {
        assertThat(osteon.run("onnx", "inspect", identities("y").toString(), "--shape", "z=1,2")).isEqualTo(2);
        assertThat(osteon.err().strip()).hasLineCount(1).contains("given z; expected one of the inputs [x float]");
    }

    @Test
    void conformanceCountsAndFails() throws IOException {
        Path suite = Files.createDirectories(folder.resolve("test_one/test_data_set_0"));
        Files.copy(MODELS.resolve("corpus/old-opset.onnx"), folder.resolve("test_one/model.onnx"));
        byte[] right = tensor(1, 1);
        Files.write(suite.resolve("input_0.pb"), tensor(3, 0.5f));
        Files.write(suite.resolve("output_0.pb"), right);
        assertThat(osteon.run("onnx", "conformance", folder.toString())).as(osteon.err()).isZero();
        assertThat(osteon.out().lines().reduce((a, b) -> b)).contains("1 passed, 0 failed, 0 skipped");
        Files.write(suite.resolve("output_0.pb"), tensor(1, 0.25f));
        assertThat(osteon.run("onnx", "conformance", folder.toString())).isEqualTo(1);
        assertThat(osteon.out().lines().reduce((a, b) -> b)).contains("0 passed, 1 failed, 0 skipped");
    }

    /** A TensorProto of float [1, n], every element {@code value}: dims, data_type, raw_data by their field numbers. */
    private static byte[] tensor(int n, float value) {
        java.nio.ByteBuffer bytes = java.nio.ByteBuffer.allocate(8 + 4 * n).order(java.nio.ByteOrder.LITTLE_ENDIAN);
        bytes.put(new byte[] {0x08, 1, 0x08, (byte) n, 0x10, 1, 0x4a, (byte) (4 * n)});
        for (int i = 0; i < n; i++) {
            bytes.putFloat(value);
        }
        return bytes.array();
    }
}
