package dev.osteon.engine.backend.onednn.vector;

import dev.osteon.engine.backend.Kernel;
import dev.osteon.engine.backend.KernelTable.Layouts;
import dev.osteon.engine.op.Cast;
import dev.osteon.engine.tensor.DType;
import dev.osteon.engine.tensor.HostData;
import dev.osteon.engine.tensor.Tensor;
import java.lang.foreign.MemorySegment;
import java.util.List;

/** Changes of element type. */
final class CastKernels {

    private static final long GRAIN = 1 << 15;   // elements

    private CastKernels() {}

    static void register(Registry registry) {
        Kernel<Cast> general = registry.general().get(new Cast(DType.F32)).kernel();
        registry.anything(Cast.class, Layouts.ANY, (op, in, out) -> cast(op, in, out, general));
    }

    private static void cast(Cast op, List<Tensor> in, List<Tensor> out, Kernel<Cast> general) {
        Tensor x = in.getFirst();
        Tensor y = out.getFirst();
        if (x.layout() != y.layout() || !x.dtype().isFloating() && !y.dtype().isFloating() && x.dtype() != y.dtype()) {
            general.run(op, in, out);   // whole numbers of 64 bits must not go through doubles
            return;
        }
        MemorySegment from = Lanes.global(x.segment());
        MemorySegment to = Lanes.global(y.segment());
        if (x.dtype() == y.dtype()) {
            Place.of(x).copy(x.shape(), Place.of(y));
        } else if (x.dtype() == DType.F32 && y.dtype() == DType.BF16) {
            Parallel.forRange(x.size(), GRAIN, (first, end) ->
                    Bfloat16.narrow(from, first, to, first, end - first));
        } else if (x.dtype() == DType.BF16 && y.dtype() == DType.F32) {
            Parallel.forRange(x.size(), GRAIN, (first, end) ->
                    Bfloat16.widen(from, first, to, first, end - first));
        } else if (y.dtype() == DType.F32 || y.dtype().isLow()) {
            Parallel.forRange(x.size(), GRAIN, (first, end) -> byStrips(Strip.of(x), Strip.of(y), first, end));
        } else {
            Parallel.forRange(x.size(), GRAIN, (first, end) -> {
                for (long i = first; i < end; i++) {
                    HostData.set(to, y.dtype(), i, HostData.get(from, x.dtype(), i));
                }
            });
        }
    }

    private static void byStrips(Strip x, Strip y, long from, long end) {
        double[] strip = Strip.array(end - from);
        for (long at = from; at < end; at += strip.length) {
            int n = (int) Math.min(strip.length, end - at);
            x.read(at, 1, strip, n);
            y.write(strip, n, at, 1);
        }
    }
}
