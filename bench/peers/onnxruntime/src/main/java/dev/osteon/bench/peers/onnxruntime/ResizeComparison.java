package dev.osteon.bench.peers.onnxruntime;

import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtSession;
import com.google.protobuf.ByteString;
import dev.osteon.engine.memory.TensorScope;
import dev.osteon.engine.tensor.Device;
import dev.osteon.engine.tensor.Shape;
import dev.osteon.engine.tensor.Tensor;
import dev.osteon.models.onnx.OnnxModel;
import dev.osteon.models.onnx.graph.GraphReader;
import dev.osteon.models.onnx.proto.Onnx.AttributeProto;
import dev.osteon.models.onnx.proto.Onnx.GraphProto;
import dev.osteon.models.onnx.proto.Onnx.ModelProto;
import dev.osteon.models.onnx.proto.Onnx.NodeProto;
import dev.osteon.models.onnx.proto.Onnx.OperatorSetIdProto;
import dev.osteon.models.onnx.proto.Onnx.TensorProto;
import dev.osteon.models.onnx.proto.Onnx.TensorShapeProto;
import dev.osteon.models.onnx.proto.Onnx.TypeProto;
import dev.osteon.models.onnx.proto.Onnx.ValueInfoProto;
import dev.osteon.models.onnx.value.Value;
import java.nio.FloatBuffer;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SplittableRandom;
import java.util.TreeMap;
import java.util.stream.IntStream;

/**
 * ONNX's Resize here and in onnxruntime, over drawn sizes, scales and modes: every pixel of every picture. Not drawn is
 * where onnxruntime departs from what ONNX says and its suite tests: {@code align_corners} and
 * {@code tf_crop_and_resize} by scales whose result is rounded, and axes whose size stays although scale or region
 * ask for more.
 */
public final class ResizeComparison {

    private static final double TOLERANCE = 2e-5;

    private ResizeComparison() {}

    /** How often a way of resizing was tried, came out different, and was refused by onnxruntime. */
    private record Count(int tried, int different, int refused) {
        Count plus(Verdict verdict) {
            return new Count(tried + 1, different + (verdict == Verdict.DIFFERENT ? 1 : 0),
                    refused + (verdict == Verdict.REFUSED ? 1 : 0));
        }
    }

    private enum Verdict { SAME, DIFFERENT, REFUSED }

    /** @param args how many cases, and the seed that they are drawn with */
    public static void main(String[] args) throws OrtException {
        SplittableRandom random = new SplittableRandom(Long.parseLong(args[1]));
        Map<String, Count> counts = new TreeMap<>();
        int different = 0;
        for (int i = 0; i < Integer.parseInt(args[0]); i++) {
            Case drawn = draw(random);
            Verdict verdict = compare(drawn);
            different += verdict == Verdict.DIFFERENT ? 1 : 0;
            counts.merge(drawn.way(), new Count(0, 0, 0).plus(verdict), (a, b) -> a.plus(verdict));
        }
        System.out.printf("%-78s %6s %9s %7s%n", "way", "tried", "different", "refused");
        counts.forEach((way, count) -> System.out.printf("%-78s %6d %9d %7d%n", way, count.tried(), count.different(),
                count.refused()));
        System.out.printf("%d of %s cases are different%n", different, args[0]);
        System.exit(different == 0 ? 0 : 1);
    }

    private static Case draw(SplittableRandom random) {
        Case drawn = Case.draw(random);
        return drawn.isLeftAlone() ? draw(random) : drawn;
    }

    private static Verdict compare(Case drawn) throws OrtException {
        float[] values = new float[drawn.in()[0] * drawn.in()[1]];
        for (int i = 0; i < values.length; i++) {
            values[i] = (float) Math.sin(12.9898 * i + 1);
        }
        long[] shape = {1, 1, drawn.in()[0], drawn.in()[1]};
        byte[] model = drawn.model().toByteArray();
        OrtEnvironment environment = OrtEnvironment.getEnvironment();
        float[] theirs;
        long[] theirShape;
        try (OrtSession session = environment.createSession(model);
                OnnxTensor x = OnnxTensor.createTensor(environment, FloatBuffer.wrap(values), shape);
                OrtSession.Result result = session.run(Map.of("x", x))) {
            OnnxTensor y = (OnnxTensor) result.get(0);
            theirShape = y.getInfo().getShape();
            FloatBuffer buffer = y.getFloatBuffer();
            theirs = new float[buffer.remaining()];
            buffer.get(theirs);
        } catch (OrtException e) {
            return Verdict.REFUSED;
        }
        try (TensorScope _ = TensorScope.open(); OnnxModel ours = OnnxModel.of(GraphReader.read(model, "resize",
                Optional.empty()), Device.CPU)) {
            Value y = ours.run(Map.of("x", Value.of(Tensor.of(Device.CPU, Shape.of(1, 1, drawn.in()[0],
                    drawn.in()[1]), values)))).firstEntry().getValue();
            long[] ourShape = Arrays.stream(y.shape().toArray()).asLongStream().toArray();
            if (!Arrays.equals(ourShape, theirShape)) {
                System.out.println(drawn + ": shape " + Arrays.toString(ourShape) + ", onnxruntime's "
                        + Arrays.toString(theirShape));
                return Verdict.DIFFERENT;
            }
            double[] found = y.toHost().reals();
            for (int i = 0; i < found.length; i++) {
                if (!(Math.abs(found[i] - theirs[i]) <= TOLERANCE)) {
                    System.out.println(drawn + ": element " + i + " of " + y.shape() + " is " + found[i]
                            + ", onnxruntime's " + theirs[i]);
                    return Verdict.DIFFERENT;
                }
            }
            return Verdict.SAME;
        }
    }

    /**
     * One picture and one way of resizing it.
     *
     * @param in      height and width
     * @param scales  along each; empty when sizes are given
     * @param sizes   along each; empty when scales are given
     * @param region  part of the picture for {@code tf_crop_and_resize}: starts, then ends
     */
    private record Case(int[] in, float[] scales, long[] sizes, float[] region, String mode, String coordinates,
            String rounding, boolean excludeOutside, boolean antialias, String policy) {

        private static final String OLD = "of opset 10";
        private static final List<String> MODES = List.of("nearest", "linear", "cubic");
        private static final List<String> COORDINATES = List.of("half_pixel", "half_pixel_symmetric",
                "pytorch_half_pixel", "align_corners", "asymmetric", "tf_crop_and_resize", "tf_half_pixel_for_nn", OLD);
        private static final List<String> ROUNDINGS = List.of("round_prefer_floor", "round_prefer_ceil", "floor",
                "ceil");
        private static final List<String> POLICIES = List.of("stretch", "not_larger", "not_smaller");

        static Case draw(SplittableRandom random) {
            int[] in = {random.nextInt(1, 24), random.nextInt(1, 24)};
            String coordinates = one(COORDINATES, random);
            String mode = coordinates.equals("tf_half_pixel_for_nn") ? "nearest"
                    : one(coordinates.equals(OLD) ? MODES.subList(0, 2) : MODES, random);
            boolean crop = coordinates.equals("tf_crop_and_resize");
            boolean byScales = coordinates.equals(OLD)
                    || !crop && !coordinates.equals("align_corners") && random.nextBoolean();
            float[] scales = byScales ? new float[] {scale(random), scale(random)} : new float[0];
            long[] sizes = byScales ? new long[0] : new long[] {random.nextInt(1, 48), random.nextInt(1, 48)};
            float[] region = crop ? new float[] {tenths(-2, 5, random), tenths(-2, 5, random), tenths(6, 13, random),
                tenths(6, 13, random)} : new float[0];
            boolean old = coordinates.equals(OLD);
            boolean fixed = byScales || crop || opset(coordinates) < 18 || random.nextInt(4) > 0;
            return new Case(in, scales, sizes, region, mode, coordinates,
                    mode.equals("nearest") && !old ? one(ROUNDINGS, random) : "",
                    mode.equals("cubic") && random.nextBoolean(),
                    !mode.equals("nearest") && !crop && !old && random.nextInt(4) == 0,
                    fixed ? "stretch" : one(POLICIES, random));
        }

        private static float tenths(int from, int to, SplittableRandom random) {
            return random.nextInt(from, to) / 10f;
        }

        private static float scale(SplittableRandom random) {
            return switch (random.nextInt(3)) {
                case 0 -> random.nextInt(1, 40) / 10f;
                case 1 -> random.nextInt(1, 12) / (float) random.nextInt(1, 12);
                default -> (float) random.nextDouble(0.2, 3);
            };
        }

        private static <T> T one(List<T> list, SplittableRandom random) {
            return list.get(random.nextInt(list.size()));
        }

        /** onnxruntime copies along an axis whose size stays, whatever scale or region says; ONNX does not say so. */
        boolean isLeftAlone() {
            return IntStream.range(0, 2).anyMatch(i -> size(i) == in[i] && (factor(i) != 1 || region.length > 0));
        }

        private float factor(int i) {
            if (scales.length > 0) {
                return scales[i];
            }
            float own = (float) sizes[i] / in[i];
            float other = (float) sizes[1 - i] / in[1 - i];
            return switch (policy) {
                case "not_larger" -> Math.min(own, other);
                case "not_smaller" -> Math.max(own, other);
                default -> own;
            };
        }

        private int size(int i) {
            return scales.length > 0 ? (int) (factor(i) * in[i]) : Math.round(factor(i) * in[i]);
        }

        String way() {
            return String.join(" ", mode, coordinates, rounding, scales.length > 0 ? "scales" : "sizes",
                    excludeOutside ? "exclude_outside" : "", antialias ? "antialias" : "",
                    policy.equals("stretch") ? "" : policy).replaceAll(" +", " ").strip();
        }

        /** The last opset that knows them. */
        private static int opset(String coordinates) {
            return switch (coordinates) {
                case OLD -> 10;
                case "tf_half_pixel_for_nn" -> 11;
                default -> 19;
            };
        }

        ModelProto model() {
            int opset = opset(coordinates);
            NodeProto.Builder node = NodeProto.newBuilder().setOpType("Resize").addInput("x").addOutput("y")
                    .addAttribute(text("mode", mode));
            GraphProto.Builder graph = GraphProto.newBuilder().setName("resize").addInput(edge("x"))
                    .addOutput(edge("y"));
            if (opset > 10) {
                node.addInput("roi")
                        .addAttribute(text("coordinate_transformation_mode", coordinates))
                        .addAttribute(flag("exclude_outside", excludeOutside));
                graph.addInitializer(floats("roi", region));
            }
            if (opset >= 18) {
                node.addAttribute(text("keep_aspect_ratio_policy", policy)).addAttribute(flag("antialias", antialias))
                        .addAttribute(AttributeProto.newBuilder().setName("axes")
                                .setType(AttributeProto.AttributeType.INTS).addInts(2).addInts(3));
            }
            if (!rounding.isEmpty()) {
                node.addAttribute(text("nearest_mode", rounding));
            }
            if (scales.length > 0) {
                node.addInput("scales");
                graph.addInitializer(opset >= 18 ? floats("scales", scales)
                        : floats("scales", 1, 1, scales[0], scales[1]));
            } else {
                List<Long> wanted = opset >= 18 ? List.of(sizes[0], sizes[1]) : List.of(1L, 1L, sizes[0], sizes[1]);
                node.addInput("").addInput("sizes");
                graph.addInitializer(TensorProto.newBuilder().setName("sizes").setDataType(7).addDims(wanted.size())
                        .addAllInt64Data(wanted));
            }
            return ModelProto.newBuilder().setIrVersion(8).addOpsetImport(OperatorSetIdProto.newBuilder()
                    .setVersion(opset)).setGraph(graph.addNode(node)).build();
        }

        private static ValueInfoProto edge(String name) {
            TensorShapeProto.Builder shape = TensorShapeProto.newBuilder();
            for (String axis : List.of("n", "c", "h", "w")) {
                shape.addDim(TensorShapeProto.Dimension.newBuilder().setDimParam(name + axis));
            }
            return ValueInfoProto.newBuilder().setName(name).setType(TypeProto.newBuilder().setTensorType(
                    TypeProto.Tensor.newBuilder().setElemType(1).setShape(shape))).build();
        }

        private static TensorProto floats(String name, float... values) {
            TensorProto.Builder tensor = TensorProto.newBuilder().setName(name).setDataType(1).addDims(values.length);
            for (float value : values) {
                tensor.addFloatData(value);
            }
            return tensor.build();
        }

        private static AttributeProto text(String name, String value) {
            return AttributeProto.newBuilder().setName(name).setType(AttributeProto.AttributeType.STRING)
                    .setS(ByteString.copyFromUtf8(value)).build();
        }

        private static AttributeProto flag(String name, boolean value) {
            return AttributeProto.newBuilder().setName(name).setType(AttributeProto.AttributeType.INT)
                    .setI(value ? 1 : 0).build();
        }

        @Override
        public String toString() {
            return way() + " " + Arrays.toString(in) + (scales.length > 0 ? " by " + Arrays.toString(scales)
                    : " to " + Arrays.toString(sizes)) + (region.length > 0 ? " of " + Arrays.toString(region) : "");
        }
    }
}
