package dev.osteon.engine.backend.cuda;

import dev.osteon.engine.EngineException;
import dev.osteon.engine.backend.Backend;
import dev.osteon.engine.dispatch.Dispatcher;
import dev.osteon.engine.memory.TensorScope;
import dev.osteon.engine.op.MatMul;
import dev.osteon.engine.op.Ops;
import dev.osteon.engine.tensor.Device;
import dev.osteon.engine.tensor.Shape;
import dev.osteon.engine.tensor.Tensor;
import java.util.Arrays;

/** A process of its own that opens the CUDA device: JCuda can be linked only once in each. */
final class CudaProbe {

    private CudaProbe() {}

    public static void main(String[] args) {
        Device device = new Device(Device.Kind.CUDA, 0);
        try (TensorScope scope = TensorScope.open()) {
            Backend backend = CudaBackend.create(device);
            System.out.println(backend.description());
            Tensor x = Tensor.of(device, Shape.of(2, 2), 1f, 2f, 3f, 4f);
            Tensor y = Dispatcher.run(new MatMul(MatMul.Transpose.NO, MatMul.Transpose.NO), x, Ops.relu(x));
            System.out.println(Arrays.toString(y.toFloats()));
        } catch (EngineException e) {
            System.out.println("refused: " + e.getMessage());
        }
    }
}
