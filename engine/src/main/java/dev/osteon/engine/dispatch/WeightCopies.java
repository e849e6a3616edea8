package dev.osteon.engine.dispatch;

import dev.osteon.engine.autograd.Tape;
import dev.osteon.engine.backend.Backend;
import dev.osteon.engine.backend.Backends;
import dev.osteon.engine.memory.TensorScope;
import dev.osteon.engine.op.MultiTensorSum;
import dev.osteon.engine.tensor.DType;
import dev.osteon.engine.tensor.Tensor;
import dev.osteon.engine.tensor.TensorSpec;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Weights as convolutions and matrix products read them, for as long as this is open: in autocast's type, and laid out
 * as the device's convolutions want them. They are made by one operation for all, and the dispatcher takes them
 * wherever an operation of {@link dev.osteon.engine.op.Precision#LOW} is given the parameter itself, in place of a cast
 * at each use. To the tape a copy is the parameter: the gradients of all uses are the parameter's, in the copy's type
 * and layout, and are brought to its own when they are added up.
 *
 * <pre>{@code
 * try (WeightCopies copies = WeightCopies.of(parameters, DType.BF16)) {
 *     …                                 // forward and backward passes
 * }
 * optimiser.step(…);
 * }</pre>
 *
 * <p>Parameters must not change meanwhile but by operations, which take the copies of what they change away. Copies are
 * their thread's; they can be nested, and the inner ones count.
 */
public final class WeightCopies implements AutoCloseable {

    private static final ThreadLocal<WeightCopies> CURRENT = new ThreadLocal<>();

    private final Optional<WeightCopies> outer = Optional.ofNullable(CURRENT.get());
    private final Map<Long, Tensor> byId = new HashMap<>();
    private final DType type;

    private WeightCopies(DType type) {
        this.type = type;
    }

    /**
     * Copies those of {@code parameters} that convolutions and products read: of rank 2 or more and in float32. In
     * float32 these are only the ones that lie otherwise than convolutions want them.
     *
     * @param parameters what training starts from, not what operations have computed; all on one device
     * @param type       the autocast's, or float32 without one
     */
    public static WeightCopies of(Collection<Tensor> parameters, DType type) {
        WeightCopies copies = new WeightCopies(type);
        copies.fill(parameters);
        CURRENT.set(copies);
        return copies;
    }

    private void fill(Collection<Tensor> parameters) {
        List<Tensor> weights = new ArrayList<>();
        List<MultiTensorSum.Sum> sums = new ArrayList<>();
        for (Tensor parameter : parameters) {
            Backend backend = Backends.of(parameter.device());
            TensorSpec copy = new TensorSpec(parameter.shape(), type, backend.convolutionWeights());
            boolean same = parameter.dtype() == type && parameter.spec().liesAs(copy.layout());
            if (parameter.rank() >= 2 && parameter.dtype() == DType.F32 && !same) {
                weights.add(parameter);
                sums.add(new MultiTensorSum.Sum(1, copy));
            }
        }
        if (weights.isEmpty()) {
            return;
        }
        try (TensorScope scope = TensorScope.open()) {
            List<Tensor> made = Tape.paused(() -> Dispatcher.runAll(new MultiTensorSum(sums), weights));
            for (int i = 0; i < made.size(); i++) {
                byId.put(weights.get(i).id(), scope.release(made.get(i)));
            }
        }
    }

    /** Whether this thread has any. */
    static boolean areThere() {
        return CURRENT.get() != null && !CURRENT.get().byId.isEmpty();
    }

    /** The copy of a parameter in a type. */
    static Optional<Tensor> find(Tensor parameter, DType type) {
        WeightCopies copies = CURRENT.get();
        return copies == null || copies.type != type ? Optional.empty()
                : Optional.ofNullable(copies.byId.get(parameter.id()));
    }

    /** What an operation has changed in place has no copy any more. */
    static void changed(List<Tensor> tensors) {
        Optional<WeightCopies> copies = Optional.ofNullable(CURRENT.get());
        while (copies.isPresent()) {
            for (Tensor tensor : tensors) {
                Optional.ofNullable(copies.get().byId.remove(tensor.id())).ifPresent(Tensor::close);
            }
            copies = copies.get().outer;
        }
    }

    @Override
    public void close() {
        if (CURRENT.get() == this) {
            outer.ifPresentOrElse(CURRENT::set, CURRENT::remove);
        }
        byId.values().forEach(Tensor::close);
        byId.clear();
    }
}
