package dev.osteon.bench.peers.libtorch;

import static org.bytedeco.pytorch.global.torch.batch_norm;
import static org.bytedeco.pytorch.global.torch.conv2d;
import static org.bytedeco.pytorch.global.torch.convolution_backward;
import static org.bytedeco.pytorch.global.torch.grad;
import static org.bytedeco.pytorch.global.torch.ones;
import static org.bytedeco.pytorch.global.torch.randn;
import static org.bytedeco.pytorch.global.torch.zeros;

import dev.osteon.bench.Work;
import dev.osteon.bench.kernel.BatchNormBenchmark;
import dev.osteon.bench.kernel.ConvolutionBenchmark;
import dev.osteon.bench.kernel.MatMulBenchmark;
import dev.osteon.bench.kernel.ResNetConvolution;
import java.util.function.Supplier;
import org.bytedeco.javacpp.BoolPointer;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.BoolOptional;
import org.bytedeco.pytorch.LongArrayRefOptional;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptional;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch.MemoryFormat;
import org.bytedeco.pytorch.global.torch.ScalarType;

/** One operation, or one gradient, of libtorch on operands that stay the same. */
final class LibtorchKernel implements Work {

    private static final long[] ONE = {1, 1};
    private static final long[] ZERO = {0, 0};

    private final PointerScope scope;
    private final Runnable kernel;

    private LibtorchKernel(PointerScope scope, Runnable kernel) {
        this.scope = scope;
        this.kernel = kernel;
    }

    private static LibtorchKernel of(PointerScope scope, Supplier<?> kernel) {
        return new LibtorchKernel(scope, kernel::get);
    }

    private static ScalarType type(String name) {
        return name.equals("bf16") ? ScalarType.BFloat16 : ScalarType.Float;
    }

    private static Tensor images(String type, long... shape) {
        return randn(shape).to(type(type)).contiguous(MemoryFormat.ChannelsLast);
    }

    static LibtorchKernel of(ConvolutionBenchmark benchmark) {
        PointerScope scope = new PointerScope();
        ResNetConvolution c = ResNetConvolution.named(benchmark.layer);
        Tensor x = images(benchmark.type, ConvolutionBenchmark.BATCH, c.in(), c.side(), c.side());
        Tensor dy = images(benchmark.type, ConvolutionBenchmark.BATCH, c.out(), c.outSide(), c.outSide());
        Tensor w = images(benchmark.type, c.out(), c.in(), c.kernel(), c.kernel());
        long[] stride = {c.stride(), c.stride()};
        long[] padding = {c.padding(), c.padding()};
        if (benchmark.pass.equals("forward")) {
            return of(scope, () -> conv2d(x, w, new TensorOptional(), stride, padding, ONE, 1L));
        }
        boolean data = benchmark.pass.equals("data");
        BoolPointer wanted = new BoolPointer(3).put(0, data).put(1, !data).put(2, false);
        return of(scope, () -> convolution_backward(dy, x, w, new LongArrayRefOptional(), stride, padding, ONE, false,
                ZERO, 1L, wanted));
    }

    static LibtorchKernel of(BatchNormBenchmark benchmark) {
        PointerScope scope = new PointerScope();
        int c = benchmark.channels();
        Tensor x = images(benchmark.type, BatchNormBenchmark.BATCH, c, benchmark.side(), benchmark.side());
        Tensor residual = images(benchmark.type, BatchNormBenchmark.BATCH, c, benchmark.side(), benchmark.side());
        Tensor gamma = ones(c);
        Tensor beta = zeros(c);
        boolean added = benchmark.branch.equals("residual");
        Supplier<Tensor> forward = () -> {
            Tensor y = batch_norm(x, new TensorOptional(gamma), new TensorOptional(beta), new TensorOptional(),
                    new TensorOptional(), true, 0.1, 1e-5, false);
            return (added ? y.add_(residual) : y).relu_();
        };
        if (benchmark.pass.equals("forward")) {
            return new LibtorchKernel(scope, forward::get);
        }
        TensorVector leaves = new TensorVector();
        for (Tensor leaf : added ? new Tensor[] {x, gamma, beta, residual} : new Tensor[] {x, gamma, beta}) {
            leaves.push_back(leaf.set_requires_grad(true));
        }
        TensorVector outputs = new TensorVector(forward.get());
        TensorVector upstream = new TensorVector(images(benchmark.type, BatchNormBenchmark.BATCH, c, benchmark.side(),
                benchmark.side()));
        BoolOptional keepGraph = new BoolOptional(true);
        return new LibtorchKernel(scope, () -> grad(outputs, leaves, upstream, keepGraph, false, false));
    }

    static LibtorchKernel of(MatMulBenchmark benchmark) {
        PointerScope scope = new PointerScope();
        int[] s = benchmark.sizes();
        Tensor a = randn(s[0], s[1]).to(type(benchmark.type));
        Tensor b = randn(s[1], s[2]).to(type(benchmark.type));
        return of(scope, () -> a.matmul(b));
    }

    /** Nothing is recorded; the gradient of a batch-norm walks the graph that was recorded when it was made. */
    @Override
    public void run() {
        try (PointerScope step = new PointerScope(); NoGradGuard guard = new NoGradGuard()) {
            kernel.run();
        }
    }

    @Override
    public void close() {
        scope.close();
    }
}
