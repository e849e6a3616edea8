package dev.osteon.models.onnx.op;

import static dev.osteon.models.onnx.op.OpTable.many;
import static dev.osteon.models.onnx.op.OpTable.one;

import dev.osteon.engine.op.Ops;
import dev.osteon.engine.tensor.DType;
import dev.osteon.engine.tensor.Shape;
import dev.osteon.engine.tensor.Tensor;
import dev.osteon.models.onnx.value.ElementType;
import dev.osteon.models.onnx.value.HostArray;
import dev.osteon.models.onnx.value.NotSupportedException;
import dev.osteon.models.onnx.value.Value;
import java.util.Arrays;
import java.util.List;
import java.util.function.UnaryOperator;

/** Activations, and softmax with its relatives. */
final class ActivationOps {

    private ActivationOps() {}

    static List<Entry> entries() {
        return List.of(
                one("Relu", 1, ActivationOps::relu),
                one("Sigmoid", 1, c -> Value.of(Ops.sigmoid(c.tensor(0)))),
                one("Tanh", 1, c -> Value.of(Ops.tanh(c.tensor(0)))),
                one("Softplus", 1, c -> Value.of(Ops.softplus(c.tensor(0)))),
                one("Softsign", 1, c -> Value.of(Ops.div(c.tensor(0), Ops.affine(Ops.abs(c.tensor(0)), 1, 1)))),
                one("Gelu", 20, c -> Value.of(c.attributes().text("approximate", "none").equals("tanh")
                        ? Ops.geluTanh(c.tensor(0)) : Ops.gelu(c.tensor(0)))),
                one("Elu", 1, c -> Value.of(elu(c, c.tensor(0), c.attributes().real("alpha", 1), 1))),
                one("Selu", 1, c -> Value.of(Ops.affine(elu(c, c.tensor(0), c.attributes().real("alpha",
                        1.67326319217681884765625), 1), c.attributes().real("gamma", 1.05070102214813232421875), 0))),
                one("Celu", 12, c -> Value.of(elu(c, c.tensor(0), c.attributes().real("alpha", 1),
                        c.attributes().real("alpha", 1)))),
                one("LeakyRelu", 1, c -> Value.of(split(c, c.tensor(0), 0,
                        x -> Ops.affine(x, c.attributes().real("alpha", 0.01), 0), x -> x))),
                one("PRelu", 1, ActivationOps::prelu),
                one("ThresholdedRelu", 10, c -> Value.of(split(c, c.tensor(0), c.attributes().real("alpha", 1),
                        x -> c.full(Shape.SCALAR, 0), x -> x))),
                one("Shrink", 9, ActivationOps::shrink),
                one("HardSigmoid", 1, c -> Value.of(hardSigmoid(c, c.attributes().real("alpha", 0.2),
                        c.attributes().real("beta", 0.5)))),
                one("HardSwish", 14, c -> Value.of(Ops.mul(c.tensor(0), hardSigmoid(c, 1.0 / 6, 0.5)))),
                one("Mish", 18, c -> Value.of(Ops.mul(c.tensor(0), Ops.tanh(Ops.softplus(c.tensor(0)))))),
                one("Swish", 24, c -> Value.of(Ops.mul(c.tensor(0), Ops.sigmoid(Ops.affine(c.tensor(0),
                        c.attributes().real("alpha", 1), 0))))),
                one("Softmax", 1, c -> Value.of(flattened(c, x -> Ops.softmax(x, 1)))),
                one("Softmax", 13, c -> Value.of(Ops.softmax(c.tensor(0), c.axis("axis", -1, c.rank(0))))),
                one("LogSoftmax", 1, c -> Value.of(flattened(c, x -> Ops.logSoftmax(x, 1)))),
                one("LogSoftmax", 13, c -> Value.of(Ops.logSoftmax(c.tensor(0), c.axis("axis", -1, c.rank(0))))),
                one("Hardmax", 1, c -> Value.of(flattened(c, x -> hardmax(c, x, 1)))),
                one("Hardmax", 13, c -> Value.of(hardmax(c, c.tensor(0), c.axis("axis", -1, c.rank(0))))),
                many("Dropout", 1, ActivationOps::dropout).structural(1, 2));
    }

    private static Value relu(Call c) {
        return c.isReal(0) ? Value.of(Ops.relu(c.tensor(0)))
                : Value.of(HostMath.map(c.host(0), c.type(0), v -> Math.max(v, 0)));
    }

    /** alpha·(exp(x/scale) − 1) below 0; the exponent is kept from overflowing where it is not used. */
    private static Tensor elu(Call c, Tensor x, double alpha, double scale) {
        Tensor below = Ops.affine(Ops.exp(Ops.affine(Ops.clamp(x, Double.NEGATIVE_INFINITY, 0), 1 / scale, 0)),
                alpha, -alpha);
        return Ops.where(Ops.greater(x, c.full(Shape.SCALAR, 0)), x, below);
    }

    private static Tensor split(Call c, Tensor x, double at, UnaryOperator<Tensor> below, UnaryOperator<Tensor> above) {
        return Ops.where(Ops.greater(x, c.full(Shape.SCALAR, at)), above.apply(x), below.apply(x));
    }

    private static Value prelu(Call c) {
        if (!c.isReal(0)) {
            return Value.of(HostMath.zip(c.host(0), c.host(1), c.type(0),
                    c.type(0).isUnsigned() ? (v, slope) -> v : (v, slope) -> v < 0 ? v * slope : v));
        }
        Tensor x = c.tensor(0);
        Tensor slope = c.tensor(1);
        if (c.node().opset() < 7 && slope.rank() == 1 && x.rank() > 1 && slope.dim(0) == x.dim(1)) {
            slope = Ops.reshape(slope, ConvolutionOps.perChannel(x));
        }
        Tensor zero = c.full(Shape.SCALAR, 0);
        return Value.of(Ops.where(Ops.less(x, zero), Ops.mul(x, slope), x));
    }

    /** x + bias below −lambd, x − bias above lambd, 0 between. */
    private static Value shrink(Call c) {
        double lambd = c.attributes().real("lambd", 0.5);
        double bias = c.attributes().real("bias", 0);
        if (!c.isReal(0)) {
            HostArray x = c.host(0);
            return Value.of(HostMath.mapReal(x, x.type(), v -> v < -lambd ? v + bias : v > lambd ? v - bias : 0));
        }
        Tensor x = c.tensor(0);
        Tensor zero = c.full(Shape.SCALAR, 0);
        Tensor above = Ops.where(Ops.greater(x, c.full(Shape.SCALAR, lambd)), Ops.affine(x, 1, -bias), zero);
        return Value.of(Ops.where(Ops.less(x, c.full(Shape.SCALAR, -lambd)), Ops.affine(x, 1, bias), above));
    }

    private static Tensor hardSigmoid(Call c, double alpha, double beta) {
        return Ops.clamp(Ops.affine(c.tensor(0), alpha, beta), 0, 1);
    }

    /** Before opset 13: over all dimensions from {@code axis} on, taken as one. */
    private static Tensor flattened(Call c, UnaryOperator<Tensor> rows) {
        Tensor x = c.tensor(0);
        long given = c.attributes().integer("axis", 1);
        int axis = c.axis(given < 0 ? given + x.rank() : given, Math.max(2, x.rank()));
        int[] dims = x.shape().toArray();
        int first = Arrays.stream(dims, 0, Math.min(axis, dims.length)).reduce(1, Math::multiplyExact);
        int rest = (int) (x.size() / Math.max(1, first));
        return Ops.reshape(rows.apply(Ops.reshape(x, first, rest)), dims);
    }

    private static Tensor hardmax(Call c, Tensor x, int axis) {
        Tensor place = Ops.argMax(x, axis);
        int[] shape = new int[x.rank()];
        Arrays.fill(shape, 1);
        shape[axis] = x.dim(axis);
        double[] numbers = java.util.stream.IntStream.range(0, x.dim(axis)).asDoubleStream().toArray();
        Tensor hit = Ops.equal(Tensor.of(c.device(), Shape.of(shape), DType.I64, numbers), place);
        return Ops.cast(hit, c.floating());
    }

    /** Nothing is dropped: what a model does when it is used, and in training with a ratio of 0. */
    private static List<Value> dropout(Call c) {
        boolean training = c.has(2) && c.longs(2)[0] != 0;
        double ratio = c.has(1) ? c.doubles(1)[0] : c.attributes().real("ratio", 0.5);
        if (training && ratio != 0) {
            throw new NotSupportedException(c.node().describe()
                    + " drops at random in training mode, which is not supported; export for inference");
        }
        long[] kept = new long[c.node().wants(1) ? HostArray.count(c.shape(0)) : 0];
        Arrays.fill(kept, 1);
        return c.node().wants(1) ? List.of(c.value(0), Value.of(HostArray.of(ElementType.BOOL, c.shape(0), kept)))
                : List.of(c.value(0));
    }
}
