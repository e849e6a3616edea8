package dev.osteon.models.onnx.op;

import dev.osteon.engine.memory.TensorScope;
import dev.osteon.engine.tensor.Device;
import dev.osteon.engine.tensor.Shape;
import dev.osteon.engine.tensor.Tensor;
import dev.osteon.models.onnx.value.HostArray;
import dev.osteon.models.onnx.value.Value;
import java.util.Arrays;
import java.util.List;
import java.util.function.Function;
import java.util.function.UnaryOperator;
import java.util.stream.LongStream;

/**
 * Operations that only move elements, written once for both places: of an array on the host it is the elements'
 * positions that the engine moves, so that integers, texts and real numbers all come out exact.
 */
final class Movement {

    private Movement() {}

    static Value apply(Value value, UnaryOperator<Tensor> how) {
        return switch (value) {
            case Value.OnDevice on -> Value.of(how.apply(on.tensor()));
            case Value.OnHost host -> Value.of(pick(host.array(), () -> how.apply(places(host.array().shape(), 0))));
        };
    }

    /**
     * Elements of several arrays on the host.
     *
     * @param how from tensors of positions, counted through all arrays, to the result's
     */
    static Value join(List<HostArray> arrays, Function<List<Tensor>, Tensor> how) {
        return Value.of(pick(HostArray.chain(arrays), () -> {
            List<Tensor> places = new java.util.ArrayList<>();
            int start = 0;
            for (HostArray array : arrays) {
                places.add(places(array.shape(), start));
                start += array.size();
            }
            return how.apply(places);
        }));
    }

    private static HostArray pick(HostArray from, java.util.function.Supplier<Tensor> places) {
        try (TensorScope scope = TensorScope.open()) {
            Tensor chosen = places.get();
            HostArray.count(chosen.shape());
            return from.pick(chosen.shape(), Arrays.stream(chosen.toDoubles()).mapToLong(p -> (long) p).toArray());
        }
    }

    private static Tensor places(Shape shape, int start) {
        return HostArray.int64(Device.REFERENCE, shape, LongStream.range(start, start + shape.size()).toArray());
    }
}
