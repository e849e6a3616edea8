package dev.osteon.models.onnx;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.ByteString;
import dev.osteon.engine.EngineException;
import dev.osteon.engine.backend.Backends;
import dev.osteon.engine.memory.TensorScope;
import dev.osteon.engine.tensor.Device;
import dev.osteon.engine.tensor.Shape;
import dev.osteon.engine.tensor.Tensor;
import dev.osteon.models.onnx.graph.GraphReader;
import dev.osteon.models.onnx.optimise.Optimiser;
import dev.osteon.models.onnx.op.Entry;
import dev.osteon.models.onnx.op.OpTable;
import dev.osteon.models.onnx.proto.Onnx.AttributeProto;
import dev.osteon.models.onnx.proto.Onnx.AttributeProto.AttributeType;
import dev.osteon.models.onnx.proto.Onnx.GraphProto;
import dev.osteon.models.onnx.proto.Onnx.ModelProto;
import dev.osteon.models.onnx.proto.Onnx.NodeProto;
import dev.osteon.models.onnx.proto.Onnx.OperatorSetIdProto;
import dev.osteon.models.onnx.proto.Onnx.ValueInfoProto;
import dev.osteon.models.onnx.value.ElementType;
import dev.osteon.models.onnx.value.HostArray;
import dev.osteon.models.onnx.value.Value;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SplittableRandom;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/**
 * Models that are whole as files and senseless as graphs, which changed bytes seldom give: every operation there is,
 * with operands, attributes and opsets drawn at random, extremes among them. Each gives a result or an error of one
 * line, takes no more memory than allowed, and leaves nothing open. {@code -Dosteon.hostileRounds} draws more of each
 * than the usual number.
 */
@Timeout(value = 10, unit = TimeUnit.MINUTES, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class HostileStructureTest {

    private static final int ROUNDS = Integer.getInteger("osteon.hostileRounds", 40);
    /** A few results of the largest size that a file's numbers may ask for. */
    private static final long MOST_BYTES = 3L << 30;

    private static final long[] EXTREMES = {0, 1, -1, 2, 3, -2, 4, 8, 255, 65536, -65537, Integer.MAX_VALUE, 1L << 31,
        Integer.MIN_VALUE, 1L << 30, 1L << 62, Long.MAX_VALUE, Long.MIN_VALUE};
    private static final List<String> NUMBERS = List.of("axis", "group", "ceil_mode", "keepdims", "batch_dims", "to",
            "blocksize", "num_outputs", "k", "p", "size", "count_include_pad", "storage_order", "block_size", "dtype",
            "num_groups", "largest", "exclusive", "reverse", "transA", "transB", "upper", "antialias", "time_axis",
            "batch_axis", "noop_with_empty_axes", "allowzero", "training_mode", "fmod", "start", "end", "saturate",
            "exclude_outside", "output_dtype", "periodic", "value_int", "ignore_index");
    private static final List<String> LISTS = List.of("axes", "pads", "kernel_shape", "strides", "dilations", "perm",
            "output_padding", "output_shape", "split", "shape", "starts", "ends", "value_ints");
    private static final Map<String, List<String>> WORDS = Map.of("mode", List.of("nearest", "linear", "cubic",
            "reflect", "edge", "wrap", "CRD"), "auto_pad", List.of("SAME_UPPER", "SAME_LOWER", "VALID"), "reduction",
            List.of("add", "mul", "max", "sum"), "coordinate_transformation_mode", List.of("tf_crop_and_resize",
            "align_corners", "half_pixel_symmetric"), "keep_aspect_ratio_policy", List.of("not_larger", "not_smaller"),
            "equation", List.of("ij,jk", "...i,i", "ii->i", "a.b->", "->", "i->ii"), "direction", List.of("LEFT"));
    private static final List<ElementType> TYPES = List.of(ElementType.FLOAT, ElementType.FLOAT, ElementType.INT64,
            ElementType.INT64, ElementType.UINT8, ElementType.INT8, ElementType.BOOL, ElementType.STRING,
            ElementType.FLOAT16, ElementType.UINT64, ElementType.DOUBLE, ElementType.FLOAT8E4M3FN);

    private static <T> T any(List<T> of, SplittableRandom random) {
        return of.get(random.nextInt(of.size()));
    }

    private static long number(SplittableRandom random) {
        return random.nextInt(3) > 0 ? random.nextInt(-2, 5) : EXTREMES[random.nextInt(EXTREMES.length)];
    }

    private static AttributeProto attribute(SplittableRandom random) {
        AttributeProto.Builder made = AttributeProto.newBuilder();
        switch (random.nextInt(5)) {
            case 0, 1 -> made.setName(any(NUMBERS, random)).setType(AttributeType.INT).setI(number(random));
            case 2, 3 -> {
                made.setName(any(LISTS, random)).setType(AttributeType.INTS);
                LongStream.range(0, random.nextInt(6)).forEach(i -> made.addInts(number(random)));
            }
            default -> {
                String name = any(WORDS.keySet().stream().sorted().toList(), random);
                made.setName(name).setType(AttributeType.STRING)
                        .setS(ByteString.copyFromUtf8(any(WORDS.get(name), random)));
            }
        }
        return made.build();
    }

    private static HostArray operand(SplittableRandom random) {
        int[] dims = IntStream.range(0, random.nextInt(6)).map(i -> random.nextInt(8) == 0 ? 0 : random.nextInt(1, 5))
                .toArray();
        Shape shape = Shape.of(dims);
        int count = (int) shape.size();
        ElementType type = any(TYPES, random);
        if (type == ElementType.STRING) {
            return HostArray.of(shape, IntStream.range(0, count).mapToObj(i -> "a" + i % 3).toArray(String[]::new));
        }
        if (type.isInteger()) {
            return HostArray.of(type, shape, LongStream.range(0, count).map(i -> number(random)).toArray());
        }
        return HostArray.of(type, shape, IntStream.range(0, count).mapToDouble(i -> random.nextInt(16) == 0
                ? Double.NaN : random.nextInt(16) == 0 ? number(random) : random.nextDouble(-3, 3)).toArray());
    }

    private static ModelProto model(Entry entry, int operands, SplittableRandom random) {
        NodeProto.Builder node = NodeProto.newBuilder().setName("node").setOpType(entry.type())
                .setDomain(entry.domain());
        GraphProto.Builder graph = GraphProto.newBuilder();
        for (int i = 0; i < operands; i++) {
            graph.addInput(ValueInfoProto.newBuilder().setName("x" + i));
            node.addInput(random.nextInt(10) == 0 ? "" : "x" + (random.nextInt(10) == 0 ? 0 : i));
        }
        for (int i = random.nextInt(5); i > 0; i--) {
            node.addAttribute(attribute(random));
        }
        for (int i = random.nextInt(5) == 0 ? 3 : 1; i > 0; i--) {
            node.addOutput("y" + i);
            graph.addOutput(ValueInfoProto.newBuilder().setName("y" + i));
        }
        int opset = random.nextInt(3) == 0 ? random.nextInt(1, 27) : Math.max(entry.since(), 18);
        return ModelProto.newBuilder().setGraph(graph.addNode(node))
                .addOpsetImport(OperatorSetIdProto.newBuilder().setVersion(opset)).build();
    }

    private static void run(ModelProto model, List<HostArray> operands) {
        try (TensorScope _ = TensorScope.open(); OnnxModel built = OnnxModel.of(Optimiser.optimised(GraphReader.read(
                model.toByteArray(), "model", Optional.empty())), Device.CPU)) {
            Map<String, Value> inputs = new TreeMap<>();
            for (int i = 0; i < operands.size(); i++) {
                HostArray array = operands.get(i);
                inputs.put("x" + i, array.type().isComputed()
                        ? Value.of(array.upload(Device.CPU, built.floating())) : Value.of(array));
            }
            built.run(inputs);
        }
    }

    @Test
    void everyOperationTakesAnything() {
        long before = Tensor.live();
        Backends.of(Device.CPU).allocator().resetPeak();
        int results = 0;
        for (Entry entry : OpTable.standard().all()) {
            SplittableRandom random = new SplittableRandom((entry.type() + entry.since()).hashCode());
            for (int round = 0; round < ROUNDS; round++) {
                int count = random.nextInt(6);
                ModelProto model = model(entry, count, random);
                List<HostArray> operands = new ArrayList<>();
                for (int i = 0; i < count; i++) {
                    operands.add(operand(random));
                }
                try {
                    run(model, operands);
                    results++;
                } catch (EngineException e) {
                    assertThat(e.getMessage()).as("%s %s", model, operands).isNotBlank().doesNotContain("\n");
                } catch (RuntimeException | Error e) {
                    throw new AssertionError(model + " over " + operands + " gives " + e, e);
                }
                assertThat(Backends.of(Device.CPU).allocator().stats().peak()).as("%s %s", model, operands)
                        .isLessThan(MOST_BYTES);
            }
        }
        assertThat(results).as("models that gave a result").isGreaterThan(100);
        assertThat(Tensor.live()).as("open tensors").isEqualTo(before);
    }
}
