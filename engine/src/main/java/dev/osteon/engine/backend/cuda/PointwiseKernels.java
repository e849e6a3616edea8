package dev.osteon.engine.backend.cuda;

import dev.osteon.engine.backend.KernelTable.Layouts;
import dev.osteon.engine.op.Affine;
import dev.osteon.engine.op.Binary;
import dev.osteon.engine.op.Cast;
import dev.osteon.engine.op.Clamp;
import dev.osteon.engine.op.Compare;
import dev.osteon.engine.op.Unary;
import dev.osteon.engine.op.Where;
import dev.osteon.engine.tensor.DType;
import dev.osteon.engine.tensor.Tensor;
import java.util.List;
import java.util.Locale;

/** Element by element: {@code cuda/pointwise.cu}. */
record PointwiseKernels(CudaRuntime cuda) {

    private static final String FILE = "pointwise";

    void register(Registrar to) {
        to.put(Unary.class, Layouts.ANY, Registrar.F32_OR_LOW, this::unary)
                .put(Affine.class, Layouts.ANY, Registrar.F32_OR_LOW, this::affine)
                .put(Clamp.class, Layouts.ANY, Registrar.F32_OR_LOW, this::clamp)
                .put(Binary.class, Layouts.ANY, Registrar.F32_OR_LOW, this::binary)
                .put(Compare.class, Layouts.ANY, Registrar.F32_OR_LOW, this::compare)
                .put(Where.class, Layouts.ANY, Registrar.F32_OR_LOW, this::where)
                .put(Cast.class, Layouts.ANY, Registrar.F32_OR_LOW, this::cast);
    }

    private void unary(Unary op, List<Tensor> in, List<Tensor> out) {
        map("unary_" + op.name(), in.getFirst(), out.getFirst()).over(out.getFirst().size());
    }

    /** What follows a product or a convolution, in place and in one pass, over the result that {@code at} says. */
    static void end(CudaRuntime cuda, PlannedShape shape, Operands at) {
        end(cuda, shape.ending(), shape.dtype(), shape.result(at), shape.results(), at.bias(), shape.channels(),
                shape.inner());
    }

    /** The same over y of {@code size} elements, of which {@code inner} neighbours have one of the channels. */
    static void end(CudaRuntime cuda, Ending ending, DType dtype, long y, long size, long bias, int channels,
            long inner) {
        String function = ending.function().function().map(f -> new Unary(f).name()).orElse("");
        if (ending.hasBias()) {
            cuda.launch(FILE, "add_bias_" + (function.isEmpty() ? "" : function + "_") + dtype).address(y).address(bias)
                    .wide(size).wide(inner).integer(channels).over(size);
        } else if (!function.isEmpty()) {
            cuda.launch(FILE, "unary_" + function + "_" + dtype).address(y).address(y).wide(size).over(size);
        }
    }

    /** y ← y + x, which are alike. */
    static void addTo(CudaRuntime cuda, Tensor y, Tensor x) {
        combine(cuda, "binary_add", List.of(y, x), y).address(cuda.faults().address()).over(y.size());
    }

    private void affine(Affine op, List<Tensor> in, List<Tensor> out) {
        map("affine", in.getFirst(), out.getFirst()).real(op.scale()).real(op.shift()).over(out.getFirst().size());
    }

    private void clamp(Clamp op, List<Tensor> in, List<Tensor> out) {
        map("clamp", in.getFirst(), out.getFirst()).real(op.low()).real(op.high()).over(out.getFirst().size());
    }

    private Launch map(String kernel, Tensor x, Tensor y) {
        return map(cuda, kernel, x, y);
    }

    private static Launch map(CudaRuntime cuda, String kernel, Tensor x, Tensor y) {
        return cuda.launch(FILE, kernel + "_" + x.dtype()).pointer(x).pointer(y).wide(y.size());
    }

    private void binary(Binary op, List<Tensor> in, List<Tensor> out) {
        combine(cuda, "binary_" + op.name(), in, out.getFirst()).address(cuda.faults().address())
                .over(out.getFirst().size());
    }

    private void compare(Compare op, List<Tensor> in, List<Tensor> out) {
        combine(cuda, "compare_" + op.relation().name().toLowerCase(Locale.ROOT), in, out.getFirst())
                .over(out.getFirst().size());
    }

    private static Launch combine(CudaRuntime cuda, String kernel, List<Tensor> in, Tensor y) {
        return cuda.launch(FILE, kernel + "_" + in.getFirst().dtype()).walk(Walk.broadcast(y, in)).wide(y.size())
                .pointer(in.get(0)).pointer(in.get(1)).pointer(y);
    }

    private void where(Where op, List<Tensor> in, List<Tensor> out) {
        Tensor y = out.getFirst();
        cuda.launch(FILE, "where_b" + y.dtype().bytes()).walk(Walk.broadcast(y, in)).wide(y.size()).pointer(in.get(0))
                .pointer(in.get(1)).pointer(in.get(2)).pointer(y).over(y.size());
    }

    private void cast(Cast op, List<Tensor> in, List<Tensor> out) {
        Tensor x = in.getFirst();
        Tensor y = out.getFirst();
        if (x.dtype() == y.dtype()) {
            cuda.copy(x.segment().address(), y.segment().address(), x.spec().bytes());
        } else {
            cuda.launch(FILE, "cast_" + x.dtype() + "_" + y.dtype()).pointer(x).pointer(y).wide(x.size())
                    .over(x.size());
        }
    }
}
