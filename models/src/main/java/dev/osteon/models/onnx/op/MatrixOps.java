package dev.osteon.models.onnx.op;

import static dev.osteon.models.onnx.op.OpTable.one;

import dev.osteon.engine.dispatch.Dispatcher;
import dev.osteon.engine.op.Attention;
import dev.osteon.engine.op.Epilogue;
import dev.osteon.engine.op.MatMul;
import dev.osteon.engine.op.MatMul.Transpose;
import dev.osteon.engine.op.Ops;
import dev.osteon.engine.op.Unary;
import dev.osteon.engine.tensor.Layout;
import dev.osteon.engine.tensor.Shape;
import dev.osteon.engine.tensor.Tensor;
import dev.osteon.models.onnx.optimise.Optimiser;
import dev.osteon.models.onnx.value.ElementType;
import dev.osteon.models.onnx.value.HostArray;
import dev.osteon.models.onnx.value.Value;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.function.Function;
import java.util.stream.IntStream;

/** Products of matrices. */
final class MatrixOps {

    private MatrixOps() {}

    static List<Entry> entries() {
        return List.of(
                one("MatMul", 1, MatrixOps::matMul),
                own("Linear", Set.of(), MatrixOps::linear),
                own("Attention", Set.of(4), MatrixOps::attention),
                own("MatMulOfImage", Set.of(2), MatrixOps::matMulOfImage),
                one("Gemm", 1, c -> c.inOwnType(MatrixOps::gemm)),
                one("Einsum", 12, c -> c.inOwnType(call -> Einsum.of(call).apply())),
                one("MatMulInteger", 10, MatrixOps::matMulInteger),
                one("Det", 11, MatrixOps::determinant));
    }

    /** An operation that only the optimiser writes. */
    private static Entry own(String type, Set<Integer> structural, Function<Call, Tensor> builder) {
        return new Entry(Optimiser.DOMAIN, type, 1, structural, Set.of(), c -> List.of(c.inOwnType(builder)));
    }

    static Tensor product(Tensor a, Tensor b) {
        return Dispatcher.run(new MatMul(Transpose.NO, Transpose.NO), a, b);
    }

    private static Value matMul(Call c) {
        return c.isReal(0) ? Value.of(matMul(c, c.tensor(0), c.tensor(1)))
                : Value.of(HostMatrix.product(c.host(0), c.host(1), c.type(0)));
    }

    /** a [N, m, C] times the pixels of x [N, C, H, W] as columns, [N, C, H·W]: x is reshaped as operand 2 says. */
    private static Tensor matMulOfImage(Call c) {
        Tensor a = c.tensor(0);
        Tensor x = c.tensor(1);
        int[] dims = ShapeOps.resolved(c, c.longs(2), x.shape());
        boolean pixels = a.rank() == 3 && x.rank() == 4 && dims.length == 3 && dims[0] == x.dim(0)
                && dims[1] == x.dim(1) && x.layout() == Layout.NHWC;
        return pixels ? Dispatcher.run(new MatMul(Transpose.NO, Transpose.YES), a,
                Ops.reshape(Ops.permute(x, 0, 2, 3, 1), dims[0], dims[2], dims[1]))
                : matMul(c, a, Ops.reshape(x, dims));
    }

    /** NumPy's rule: a vector on the left is a row, on the right a column, and that dimension goes again. */
    private static Tensor matMul(Call c, Tensor a, Tensor b) {
        if (a.rank() == 0 || b.rank() == 0) {
            throw c.problem(a.shape() + " and " + b.shape(), "vectors or matrices");
        }
        Tensor left = a.rank() == 1 ? Ops.reshape(a, 1, a.dim(0)) : a;
        Tensor right = b.rank() == 1 ? Ops.reshape(b, b.dim(0), 1) : b;
        if (right.rank() == 2 && left.rank() > 2) {     // one large product instead of many small ones
            int[] dims = left.shape().toArray();
            int k = dims[dims.length - 1];
            int rows = k == 0 ? 0 : (int) (left.size() / k);
            dims[dims.length - 1] = right.dim(1);
            if (rows > 0) {
                Tensor flat = product(Ops.reshape(left, rows, k), right);
                return b.rank() == 1 ? Ops.reshape(flat, Arrays.copyOf(dims, dims.length - 1))
                        : Ops.reshape(flat, dims);
            }
        }
        Tensor product = product(left, right);
        int[] dims = product.shape().toArray();
        int rank = dims.length;
        return a.rank() > 1 && b.rank() > 1 ? product : Ops.reshape(product, IntStream.range(0, rank)
                .filter(i -> !(i == rank - 2 && a.rank() == 1) && !(i == rank - 1 && b.rank() == 1))
                .map(i -> dims[i]).toArray());
    }

    /** x·W + b over the last dimension of x; what the optimiser makes of a product and a sum. */
    private static Tensor linear(Call c) {
        Tensor x = c.tensor(0);
        int[] dims = x.shape().toArray();
        int rows = Arrays.stream(dims, 0, dims.length - 1).reduce(1, Math::multiplyExact);
        Tensor y = Dispatcher.run(new MatMul(Transpose.NO, Transpose.NO, c.epilogue()),
                Ops.reshape(x, rows, dims[dims.length - 1]), c.tensor(1), c.tensor(2));
        dims[dims.length - 1] = y.dim(1);
        return Ops.reshape(y, dims);
    }

    /** Of q, k, v [N, tokens, heads, size], and if they are there, bias and scale, which may be a divisor. */
    private static Tensor attention(Call c) {
        double given = c.has(4) ? c.doubles(4)[0] : 1;
        Attention op = new Attention(c.attributes().text("scale", "factor").equals("divisor") ? 1 / given : given);
        return c.has(3) ? Dispatcher.run(op, c.tensor(0), c.tensor(1), c.tensor(2), c.tensor(3))
                : Dispatcher.run(op, c.tensor(0), c.tensor(1), c.tensor(2));
    }

    private static Tensor gemm(Call c) {
        Transpose a = c.attributes().flag("transA", false) ? Transpose.YES : Transpose.NO;
        Transpose b = c.attributes().flag("transB", false) ? Transpose.YES : Transpose.NO;
        double alpha = c.attributes().real("alpha", 1);
        double beta = c.attributes().real("beta", 1);
        boolean plain = alpha == 1 && beta == 1 && c.has(2) && c.rank(2) == 1
                && c.shape(2).dim(0) == c.shape(1).dim(b == Transpose.YES ? 0 : 1);
        if (plain) {
            return Dispatcher.run(new MatMul(a, b, c.epilogue()), c.tensor(0), c.tensor(1), c.tensor(2));
        }
        Tensor y = Dispatcher.run(new MatMul(a, b), c.tensor(0), c.tensor(1));
        y = alpha == 1 ? y : Ops.affine(y, alpha, 0);
        if (c.has(2)) {
            y = Ops.add(y, beta == 1 ? c.tensor(2) : Ops.affine(c.tensor(2), beta, 0));
        }
        return after(c.epilogue(), y);
    }

    /** An epilogue where there is no product to do it. */
    static Tensor after(Epilogue epilogue, Tensor y) {
        return epilogue.function().map(f -> Dispatcher.run(new Unary(f), y)).orElse(y);
    }

    private static Value matMulInteger(Call c) {
        HostArray a = wide(c.host(0));
        HostArray b = wide(c.host(1));
        if (c.has(2)) {         // one for all, or one for each row
            a = minus(a, QuantizationOps.rows(wide(c.host(2))));
        }
        b = c.has(3) ? minus(b, wide(c.host(3))) : b;
        return Value.of(HostMatrix.product(a, b, ElementType.INT32));
    }

    private static HostArray wide(HostArray x) {
        return HostMath.map(x, ElementType.INT32, v -> v);
    }

    private static HostArray minus(HostArray x, HostArray zero) {
        return HostMath.zip(x, zero, ElementType.INT32, (p, q) -> p - q);
    }

    private static Value determinant(Call c) {
        HostArray x = c.host(0);
        int n = x.shape().dim(-1);
        int[] lead = Arrays.copyOf(x.shape().toArray(), x.shape().rank() - 2);
        double[] result = new double[n == 0 ? 0 : x.size() / (n * n)];
        for (int m = 0; m < result.length; m++) {
            result[m] = HostMatrix.determinant(Arrays.copyOfRange(x.reals(), m * n * n, (m + 1) * n * n), n);
        }
        return Value.of(HostArray.of(x.type(), Shape.of(lead), result));
    }
}
