package dev.osteon.engine.op;

import static dev.osteon.engine.dispatch.Dispatcher.run;

import dev.osteon.engine.ShapeException;
import dev.osteon.engine.dispatch.Dispatcher;
import dev.osteon.engine.tensor.DType;
import dev.osteon.engine.tensor.Device;
import dev.osteon.engine.tensor.Layout;
import dev.osteon.engine.tensor.Shape;
import dev.osteon.engine.tensor.Tensor;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;

/** The operations as functions, for static import: thin names over the records, and what is composed from them. */
public final class Ops {

    private Ops() {}

    public static Tensor add(Tensor a, Tensor b) {
        return run(new Binary(Binary.Function.ADD), a, b);
    }

    public static Tensor sub(Tensor a, Tensor b) {
        return run(new Binary(Binary.Function.SUB), a, b);
    }

    public static Tensor mul(Tensor a, Tensor b) {
        return run(new Binary(Binary.Function.MUL), a, b);
    }

    public static Tensor div(Tensor a, Tensor b) {
        return run(new Binary(Binary.Function.DIV), a, b);
    }

    public static Tensor pow(Tensor a, Tensor b) {
        return run(new Binary(Binary.Function.POW), a, b);
    }

    public static Tensor maximum(Tensor a, Tensor b) {
        return run(new Binary(Binary.Function.MAXIMUM), a, b);
    }

    public static Tensor minimum(Tensor a, Tensor b) {
        return run(new Binary(Binary.Function.MINIMUM), a, b);
    }

    /** scale·x + shift. */
    public static Tensor affine(Tensor x, double scale, double shift) {
        return run(new Affine(scale, shift), x);
    }

    public static Tensor neg(Tensor x) {
        return affine(x, -1, 0);
    }

    private static Tensor unary(Unary.Function function, Tensor x) {
        return run(new Unary(function), x);
    }

    public static Tensor exp(Tensor x) {
        return unary(Unary.Function.EXP, x);
    }

    public static Tensor log(Tensor x) {
        return unary(Unary.Function.LOG, x);
    }

    public static Tensor sqrt(Tensor x) {
        return unary(Unary.Function.SQRT, x);
    }

    /** 1/√x. */
    public static Tensor rsqrt(Tensor x) {
        return unary(Unary.Function.RSQRT, x);
    }

    public static Tensor abs(Tensor x) {
        return unary(Unary.Function.ABS, x);
    }

    /** −1, 0 or 1. */
    public static Tensor sign(Tensor x) {
        return unary(Unary.Function.SIGN, x);
    }

    public static Tensor tanh(Tensor x) {
        return unary(Unary.Function.TANH, x);
    }

    public static Tensor sigmoid(Tensor x) {
        return unary(Unary.Function.SIGMOID, x);
    }

    public static Tensor relu(Tensor x) {
        return unary(Unary.Function.RELU, x);
    }

    /** x·Φ(x), Φ the standard normal distribution function. */
    public static Tensor gelu(Tensor x) {
        return unary(Unary.Function.GELU, x);
    }

    public static Tensor geluTanh(Tensor x) {
        return unary(Unary.Function.GELU_TANH, x);
    }

    public static Tensor erf(Tensor x) {
        return unary(Unary.Function.ERF, x);
    }

    /** log(1 + eˣ), without overflow. */
    public static Tensor softplus(Tensor x) {
        return unary(Unary.Function.SOFTPLUS, x);
    }

    public static Tensor reciprocal(Tensor x) {
        return unary(Unary.Function.RECIPROCAL, x);
    }

    public static Tensor sin(Tensor x) {
        return unary(Unary.Function.SIN, x);
    }

    public static Tensor cos(Tensor x) {
        return unary(Unary.Function.COS, x);
    }

    public static Tensor clamp(Tensor x, double low, double high) {
        return run(new Clamp(low, high), x);
    }

    public static Tensor equal(Tensor a, Tensor b) {
        return run(new Compare(Compare.Relation.EQUAL), a, b);
    }

    public static Tensor less(Tensor a, Tensor b) {
        return run(new Compare(Compare.Relation.LESS), a, b);
    }

    public static Tensor lessEqual(Tensor a, Tensor b) {
        return run(new Compare(Compare.Relation.LESS_EQUAL), a, b);
    }

    public static Tensor greater(Tensor a, Tensor b) {
        return run(new Compare(Compare.Relation.GREATER), a, b);
    }

    public static Tensor greaterEqual(Tensor a, Tensor b) {
        return run(new Compare(Compare.Relation.GREATER_EQUAL), a, b);
    }

    public static Tensor where(Tensor condition, Tensor a, Tensor b) {
        return run(new Where(), condition, a, b);
    }

    /** The values in another type; x itself when it is of that type already. */
    public static Tensor cast(Tensor x, DType dtype) {
        return x.dtype() == dtype ? x : run(new Cast(dtype), x);
    }

    /** The tensor in another layout; x itself when it has that layout already. */
    public static Tensor toLayout(Tensor x, Layout layout) {
        return x.layout() == layout ? x : run(new ToLayout(layout), x);
    }

    /** A constant tensor. */
    public static Tensor full(Device device, Shape shape, DType dtype, double value) {
        return Tensor.of(device, shape, dtype, () -> value);
    }

    public static Tensor maskDiagonal(Tensor x, double value) {
        return run(new DiagonalMask(value), x);
    }

    private static Tensor reduce(Reduce.Function function, Tensor x, int... axes) {
        IntStream resolved = axes.length == 0 ? IntStream.range(0, x.rank())
                : Arrays.stream(axes).map(x.shape()::axis).distinct().sorted();
        return run(new Reduce(function, resolved.boxed().toList()), x);
    }

    /** Sum over {@code axes}, which stay with size 1; over all when none is given. */
    public static Tensor sum(Tensor x, int... axes) {
        return reduce(Reduce.Function.SUM, x, axes);
    }

    /** Mean over {@code axes}, which stay with size 1; over all when none is given. */
    public static Tensor mean(Tensor x, int... axes) {
        return reduce(Reduce.Function.MEAN, x, axes);
    }

    /** Maximum over {@code axes}, which stay with size 1; over all when none is given. */
    public static Tensor max(Tensor x, int... axes) {
        return reduce(Reduce.Function.MAX, x, axes);
    }

    public static Tensor argMax(Tensor x, int axis) {
        return run(new ArgMax(x.shape().axis(axis)), x);
    }

    /** Variance over {@code axes}, which stay with size 1; divisor n − correction. */
    public static Tensor variance(Tensor x, int correction, int... axes) {
        Tensor centred = sub(x, mean(x, axes));
        Tensor squares = sum(mul(centred, centred), axes);
        long n = x.size() / Math.max(1, squares.size());
        return affine(squares, 1.0 / (n - correction), 0);
    }

    /** Euclidean norm over {@code axes}, which stay with size 1. Its gradient at 0 is not defined. */
    public static Tensor norm(Tensor x, int... axes) {
        return sqrt(sum(mul(x, x), axes));
    }

    /** log Σ exp x along {@code axis}, which stays with size 1. */
    public static Tensor logSumExp(Tensor x, int axis) {
        Tensor top = dev.osteon.engine.autograd.Tape.paused(() -> max(x, axis));
        return add(log(sum(exp(sub(x, top)), axis)), top);
    }

    /** Sums x over what broadcasting {@code shape} to x's shape would repeat. */
    public static Tensor sumTo(Tensor x, Shape shape) {
        if (x.shape().equals(shape)) {
            return x;
        }
        int extra = x.rank() - shape.rank();
        int[] axes = IntStream.range(0, x.rank())
                .filter(i -> i < extra || shape.dim(i - extra) == 1 && x.dim(i) != 1).toArray();
        Tensor summed = axes.length == 0 ? x : sum(x, axes);
        return reshape(summed, shape.toArray());
    }

    public static Tensor softmax(Tensor x, int axis) {
        return run(new Softmax(x.shape().axis(axis)), x);
    }

    public static Tensor logSoftmax(Tensor x, int axis) {
        return run(new LogSoftmax(x.shape().axis(axis)), x);
    }

    /** log Σ_{j ≠ i} exp(scale·x_i·x_j) − scale·x_i·p_i [n] for the rows of x and p [n, d]. */
    public static Tensor pairwiseCrossEntropy(Tensor x, Tensor p, double scale) {
        return Dispatcher.runAll(new PairwiseCrossEntropy(scale), List.of(x, p)).getFirst();
    }

    /** exp(x / epsilon) [n, k] with columns, then rows scaled to equal sums, some times over; rows sum to 1. */
    public static Tensor sinkhorn(Tensor x, double epsilon, int iterations) {
        return run(new Sinkhorn(epsilon, iterations), x);
    }

    /** Rows along {@code axis} scaled to length 1: x / max(‖x‖, 1e-12). */
    public static Tensor l2Normalize(Tensor x, int axis) {
        return Dispatcher.runAll(new L2Normalize(x.shape().axis(axis), 1e-12), List.of(x)).getFirst();
    }

    /** Rows [n, d] scaled to length 1. */
    public static Tensor l2Normalize(Tensor x) {
        return l2Normalize(x, -1);
    }

    /** a·b over the last two dimensions, leading ones broadcast. Vectors are taken as NumPy's matmul does. */
    public static Tensor matmul(Tensor a, Tensor b) {
        if (a.rank() == 1 || b.rank() == 1) {
            return matmulOfVectors(a, b);
        }
        return run(new MatMul(MatMul.Transpose.NO, MatMul.Transpose.NO), a, b);
    }

    private static Tensor matmulOfVectors(Tensor a, Tensor b) {
        Tensor left = a.rank() == 1 ? reshape(a, 1, a.dim(0)) : a;
        Tensor right = b.rank() == 1 ? reshape(b, b.dim(0), 1) : b;
        Tensor product = matmul(left, right);
        int[] dims = product.shape().toArray();
        int[] kept = IntStream.range(0, dims.length)
                .filter(i -> !(a.rank() == 1 && i == dims.length - 2) && !(b.rank() == 1 && i == dims.length - 1))
                .map(i -> dims[i]).toArray();
        return reshape(product, kept);
    }

    /** a·bᵀ over the last two dimensions, without making the transpose. */
    public static Tensor matmulTransposed(Tensor a, Tensor b) {
        return run(new MatMul(MatMul.Transpose.NO, MatMul.Transpose.YES), a, b);
    }

    /** aᵀ·b over the last two dimensions, without making the transpose. */
    public static Tensor transposedMatmul(Tensor a, Tensor b) {
        return run(new MatMul(MatMul.Transpose.YES, MatMul.Transpose.NO), a, b);
    }

    /** x·weightᵀ: x [..., in], weight [out, in]. */
    public static Tensor linear(Tensor x, Tensor weight) {
        return matmulTransposed(x, weight);
    }

    /** x·weightᵀ + bias: x [..., in], weight [out, in], bias [out]. */
    public static Tensor linear(Tensor x, Tensor weight, Tensor bias) {
        return run(new MatMul(MatMul.Transpose.NO, MatMul.Transpose.YES), x, weight, bias);
    }

    /** Cross-entropy of logits [n, k] against class numbers [n], the mean over the samples. */
    public static Tensor crossEntropy(Tensor logits, Tensor target) {
        return mean(neg(gather(logSoftmax(logits, -1), target)));
    }

    /** Cross-entropy weighted by class: divided by the sum of the targets' weights, as torch does. weights [k]. */
    public static Tensor crossEntropy(Tensor logits, Tensor target, Tensor weights) {
        Tensor each = select(weights, target, 0);                                        // [n]
        Tensor losses = mul(neg(gather(logSoftmax(logits, -1), target)), each);
        return div(sum(losses), sum(each));
    }

    /** −Σ_k q_k·log softmax(scale·logits)_k [n] for the rows of logits and distributions q [n, k]. */
    public static Tensor softCrossEntropy(Tensor logits, Tensor q, double scale) {
        return Dispatcher.runAll(new SoftCrossEntropy(scale), List.of(logits, q)).getFirst();
    }

    /** Binary cross-entropy per element from logits: max(x, 0) − x·t + log(1 + e^−|x|), with the positives weighted. */
    public static Tensor bceWithLogits(Tensor logits, Tensor target, double positiveWeight) {
        // −w·t·log σ(x) − (1 − t)·log(1 − σ(x)), with log σ(x) = −softplus(−x)
        Tensor t = cast(target, logits.dtype());
        Tensor positive = mul(affine(t, positiveWeight, 0), softplus(neg(logits)));
        Tensor negative = mul(affine(t, -1, 1), softplus(logits));
        return mean(add(positive, negative));
    }

    /** The same elements in row-major order; one size may be −1 and is then what is left. */
    public static Tensor reshape(Tensor x, int... dims) {
        int[] resolved = dims.clone();
        int open = -1;
        long known = 1;
        for (int i = 0; i < dims.length; i++) {
            if (dims[i] == -1 && open < 0) {
                open = i;
            } else {
                known *= dims[i];
            }
        }
        if (open >= 0) {
            if (known == 0 || x.size() % known != 0) {
                throw new ShapeException("reshape", x.shape() + " to " + Arrays.toString(dims), "sizes that divide "
                        + x.size());
            }
            resolved[open] = Math.toIntExact(x.size() / known);
        }
        return run(new Reshape(Shape.of(resolved)), x);
    }

    public static Tensor permute(Tensor x, int... order) {
        return run(new Permute(Arrays.stream(order).boxed().toList()), x);
    }

    /** Swaps the last two dimensions. */
    public static Tensor transpose(Tensor x) {
        int[] order = IntStream.range(0, x.rank()).toArray();
        order[x.rank() - 1] = x.rank() - 2;
        order[x.rank() - 2] = x.rank() - 1;
        return permute(x, order);
    }

    public static Tensor expand(Tensor x, Shape shape) {
        return x.shape().equals(shape) ? x : run(new Expand(shape), x);
    }

    /** {@code count} elements along {@code axis} from {@code start} on, each {@code step} apart. */
    public static Tensor slice(Tensor x, int axis, int start, int count, int step) {
        return run(new Slice(x.shape().axis(axis), start, count, step), x);
    }

    /** {@code count} elements along {@code axis} from {@code start} on. */
    public static Tensor slice(Tensor x, int axis, int start, int count) {
        return slice(x, axis, start, count, 1);
    }

    public static Tensor concat(int axis, Tensor... tensors) {
        return concat(axis, List.of(tensors));
    }

    public static Tensor concat(int axis, List<Tensor> tensors) {
        return Dispatcher.runAll(new Concat(tensors.getFirst().shape().axis(axis)), tensors).getFirst();
    }

    /** Zeros before, after and (step − 1 times) between the elements along {@code axis}. */
    public static Tensor pad(Tensor x, int axis, int before, int after, int step) {
        return run(new Pad(x.shape().axis(axis), before, after, step, 0), x);
    }

    /** Rows along {@code axis} by number; an embedding look-up with axis 0. */
    public static Tensor select(Tensor x, Tensor index, int axis) {
        return run(new Select(x.shape().axis(axis)), x, index);
    }

    /** Rows of x [n, …] added up by the number 0 … groups − 1 of each one's group [n]: [groups, …]. */
    public static Tensor sumByGroup(Tensor x, Tensor group, int groups) {
        return selectBackward(x, group, 0, groups);
    }

    static Tensor selectBackward(Tensor dy, Tensor index, int axis, int size) {
        return run(new SelectBackward(axis, size), dy, index);
    }

    /** Element index[...] along the last axis of x [..., n]. */
    public static Tensor gather(Tensor x, Tensor index) {
        return run(new Gather(), x, index);
    }

    static Tensor gatherBackward(Tensor dy, Tensor index, int size) {
        return run(new GatherBackward(size), dy, index);
    }

    /** Convolution without bias. */
    public static Tensor conv2d(Tensor x, Tensor weight, Conv2d convolution) {
        return run(convolution, x, weight);
    }

    public static Tensor maxPool2d(Tensor x, Window kernel, Window stride, Window padding) {
        return Dispatcher.runAll(new MaxPool2d(kernel, stride, padding), List.of(x)).getFirst();
    }

    /** Mean over all pixels: [N, C, H, W] to [N, C]. */
    public static Tensor globalAvgPool(Tensor x) {
        return reshape(run(new AdaptiveAvgPool2d(Window.ONE), x), x.dim(0), x.dim(1));
    }

    public static Tensor resize(Tensor x, Window output, Resize.Filter filter) {
        return run(new Resize(output, filter), x);
    }
}
