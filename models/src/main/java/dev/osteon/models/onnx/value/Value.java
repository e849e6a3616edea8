package dev.osteon.models.onnx.value;

import dev.osteon.engine.tensor.Shape;
import dev.osteon.engine.tensor.Tensor;

/**
 * What flows along an edge of a graph: real numbers on the device, where they are computed with and differentiated,
 * and integers, truth values and texts on the host, where shapes and indices are worked out.
 */
public sealed interface Value {

    /** More dimensions than this are taken for a mistake or an attack; NumPy has as many at most. */
    int MOST_DIMENSIONS = 64;

    Shape shape();

    /** A tensor of the engine, of a floating type, or bool where it comes from comparing such tensors. */
    record OnDevice(Tensor tensor) implements Value {
        @Override
        public Shape shape() {
            return tensor.shape();
        }
    }

    /** An array of this process. */
    record OnHost(HostArray array) implements Value {
        @Override
        public Shape shape() {
            return array.shape();
        }
    }

    static Value of(Tensor tensor) {
        return new OnDevice(tensor);
    }

    static Value of(HostArray array) {
        return new OnHost(array);
    }

    /** The elements on the host; waits for the device. */
    default HostArray toHost() {
        return switch (this) {
            case OnHost host -> host.array();
            case OnDevice device -> HostArray.of(device.tensor());
        };
    }

    default int rank() {
        return shape().rank();
    }
}
