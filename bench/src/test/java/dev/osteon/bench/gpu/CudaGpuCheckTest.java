package dev.osteon.bench.gpu;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.osteon.engine.backend.cuda.CudaEmulator;
import dev.osteon.engine.conformance.OpSample;
import dev.osteon.engine.op.Conv2d;
import dev.osteon.engine.op.Conv2dBackwardWeights;
import dev.osteon.engine.op.ConvTranspose2d;
import dev.osteon.engine.op.ConvTranspose2dOnto;
import dev.osteon.engine.op.MatMul;
import dev.osteon.engine.op.Op;
import dev.osteon.engine.op.Reshape;
import dev.osteon.models.onnx.proto.Onnx.GraphProto;
import dev.osteon.models.onnx.proto.Onnx.ModelProto;
import dev.osteon.models.onnx.proto.Onnx.NodeProto;
import dev.osteon.models.onnx.proto.Onnx.OperatorSetIdProto;
import dev.osteon.models.onnx.proto.Onnx.TensorShapeProto;
import dev.osteon.models.onnx.proto.Onnx.TypeProto;
import dev.osteon.models.onnx.proto.Onnx.ValueInfoProto;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The whole check at tiny shapes on the emulator, beside a peer that is a shell script. */
class CudaGpuCheckTest {

    /** NVIDIA's libraries compute these; a reshape computes nothing. */
    private static final Set<Class<?>> NOT_OURS = Set.of(Conv2d.class, ConvTranspose2d.class,
            ConvTranspose2dOnto.class, Conv2dBackwardWeights.class, MatMul.class, Reshape.class);

    @TempDir
    Path folder;

    private final StringWriter err = new StringWriter();

    @BeforeAll
    static void open() {
        CudaEmulator.backend();
    }

    private int check(String... arguments) {
        return GpuCheck.commandLine().setErr(new PrintWriter(err, true)).execute(Stream.concat(
                Stream.of("--out", folder.resolve("out").toString()), Stream.of(arguments)).toArray(String[]::new));
    }

    private JsonNode result() throws IOException {
        return new ObjectMapper().readTree(folder.resolve("out/gpu-check.json").toFile());
    }

    /** Speaks the protocol; each work takes 2 ms, and one it refuses. */
    private String fakePython() throws IOException {
        Path script = folder.resolve("python");
        Files.writeString(script, """
                #!/bin/sh
                if [ "$2" = about ]; then echo '{"torch": "fake"}'; exit 0; fi
                while read -r order work; do
                    case "$order $work" in
                        *vicreg*) echo "failed no such loss" ;;
                        open*) echo "ready fake $work" ;;
                        *) echo "2.0 1.0 0" ;;
                    esac
                done
                """);
        Files.setPosixFilePermissions(script, PosixFilePermissions.fromString("rwx------"));
        return script.toString();
    }

    /** Of a picture encoder the check knows the input alone. */
    private Path encoder() throws IOException {
        TensorShapeProto.Builder shape = TensorShapeProto.newBuilder();
        for (int size : new int[] {1, 3, 1024, 1024}) {
            shape.addDim(TensorShapeProto.Dimension.newBuilder().setDimValue(size));
        }
        shape.setDim(0, TensorShapeProto.Dimension.newBuilder().setDimParam("b"));
        TypeProto pictures = TypeProto.newBuilder().setTensorType(TypeProto.Tensor.newBuilder().setElemType(1)
                .setShape(shape)).build();
        ModelProto model = ModelProto.newBuilder().setIrVersion(8)
                .addOpsetImport(OperatorSetIdProto.newBuilder().setVersion(17)).setGraph(GraphProto.newBuilder()
                        .setName("encoder").addNode(NodeProto.newBuilder().setOpType("GlobalAveragePool").addInput("x")
                                .addOutput("y"))
                        .addInput(ValueInfoProto.newBuilder().setName("x").setType(pictures))
                        .addOutput(ValueInfoProto.newBuilder().setName("y"))).build();
        return Files.write(folder.resolve("encoder.onnx"), model.toByteArray());
    }

    @Test
    void everyPartRunsAndAFailureIsRecordedWithoutEndingIt() throws IOException {
        assertThat(check("--quick", "--rounds", "2", "--sam", encoder().toString(), "--python", fakePython(), "--parts",
                "training,bandwidth,matmul,step,pretext,sam,kernels,losses,profile")).isEqualTo(1);
        JsonNode result = result();
        assertThat(result.path("note").asText()).isEqualTo("emulator: no figure of speed");
        assertThat(result.path("status").asText()).isEqualTo("failed");
        JsonNode parts = result.path("parts");
        for (String part : Set.of("training", "bandwidth", "matmul", "step", "pretext", "sam", "kernels",
                "profile")) {
            assertThat(parts.path(part).path("status").asText()).as(parts.path(part).toString()).isEqualTo("passed");
        }
        assertThat(parts.path("losses").path("failures").toString()).contains("vicreg", "no such loss");
        assertThat(parts.path("losses").path("larc").path("pytorch / osteon, pair by pair").path("median").asDouble())
                .isPositive();
        assertThat(parts.path("training").path("steps")).allMatch(run -> run.path("within the band").asBoolean());
        assertThat(parts.path("step").path("ms of 700 kernels with nothing to do, as one graph").asDouble())
                .isPositive();
        assertThat(parts.path("sam").path("batch 8 bf16")).isNotEmpty();
        assertThat(parts.path("pretext").path("plain").path("pytorch / osteon, pair by pair").path("median").asDouble())
                .isPositive();
        assertThat(parts.path("pretext").path("extended seconds of an epoch").asDouble()).isPositive();
        assertThat(parts.path("kernels").path("cases")).hasSizeGreaterThan(100)
                .allMatch(row -> row.path("median ms").asDouble() > 0 && row.path("bytes").asDouble() > 0);
        assertThat(parts.path("profile").path("step")).hasSizeGreaterThan(20);
        assertThat(parts.path("profile").path("encoder").findValuesAsText("operation"))
                .anyMatch(operation -> operation.contains("[8, 3, 1024, 1024]"));
        assertThat(Files.readString(folder.resolve("out/gpu-check.md")))
                .contains("**emulator: no figure of speed**", "| losses | **failed** |", "no such loss");
    }

    @Test
    void everyOperationWithAKernelOfOurOwnIsTimed() {
        Set<Class<?>> timed = KernelCases.all(Sizes.QUICK).stream().map(OpSample::op).map(Object::getClass)
                .collect(Collectors.toSet());
        Set<Class<?>> ours = Stream.of(Op.class.getPermittedSubclasses()).filter(op -> !NOT_OURS.contains(op))
                .collect(Collectors.toSet());
        assertThat(timed).isEqualTo(ours);
    }

    @Test
    void whenTimeIsUsedUpTheRestIsSaidNotToHaveRun() throws IOException {
        assertThat(check("--quick", "--minutes", "0.01", "--parts", "kernels,profile", "--python", "none"))
                .isEqualTo(1);
        assertThat(result().path("parts").path("profile").path("failures").toString()).contains("time was used up");
        assertThat(result().path("PyTorch").asText()).startsWith("not here: ");
    }

    @Test
    void theEmulatorsTimesAreNotTakenForAGpus() {
        assertThat(check()).isEqualTo(2);
        assertThat(err.toString()).contains("emulator", "--quick").doesNotContain("\tat ");
    }

    @Test
    void wrongWordsAreRefusedInOneLine() {
        assertThat(check("--parts", "speed")).isEqualTo(2);
        assertThat(err.toString()).contains("speed", "kernels");
        assertThat(check("--rounds", "0")).isEqualTo(2);
    }
}
