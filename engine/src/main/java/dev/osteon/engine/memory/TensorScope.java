package dev.osteon.engine.memory;

import dev.osteon.engine.EngineException;
import dev.osteon.engine.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;

/**
 * Owns the tensors that are made while it is the innermost open scope of its thread, and closes them when it is
 * closed. {@link #keep} hands one to the enclosing scope.
 *
 * <pre>{@code
 * try (TensorScope scope = TensorScope.open()) {
 *     Tensor h = relu(linear(x, w, b));
 *     return scope.keep(linear(h, v, c));
 * }                                        // h is closed here
 * }</pre>
 */
public final class TensorScope implements AutoCloseable {

    private static final ThreadLocal<TensorScope> INNERMOST = new ThreadLocal<>();

    private final TensorScope parent;
    private final List<Tensor> owned = new ArrayList<>();
    private boolean closed;

    private TensorScope(TensorScope parent) {
        this.parent = parent;
    }

    public static TensorScope open() {
        TensorScope scope = new TensorScope(INNERMOST.get());
        INNERMOST.set(scope);
        return scope;
    }

    /** Called by the engine for each new tensor. */
    public static Tensor adopt(Tensor tensor) {
        TensorScope scope = INNERMOST.get();
        if (scope == null) {
            tensor.close();
            throw new EngineException("no TensorScope is open on this thread; wrap the work in "
                    + "try (TensorScope scope = TensorScope.open()) { … }");
        }
        scope.add(tensor);
        return tensor;
    }

    /**
     * Hands {@code tensor} to the enclosing scope, so that it outlives this one. A tensor of an outer scope, or one
     * without a scope, is returned as it is.
     *
     * @throws EngineException when this scope is the outermost; use {@link #release} to own the tensor yourself
     */
    public Tensor keep(Tensor tensor) {
        tensor.requireOpen();
        if (tensor.scope().orElse(null) != this) {
            return tensor;
        }
        if (parent == null) {
            throw new EngineException(
                    "keep: this is the outermost TensorScope; use release(tensor) and close it yourself");
        }
        release(tensor);
        parent.add(tensor);
        return tensor;
    }

    /** Takes {@code tensor} out of this scope: whoever calls must close it. */
    public Tensor release(Tensor tensor) {
        tensor.requireOpen();
        int slot = tensor.scopeSlot();
        if (slot < 0 || slot >= owned.size() || owned.get(slot) != tensor) {
            throw new EngineException("keep/release: " + tensor + " does not belong to this scope");
        }
        owned.set(slot, null);
        tensor.setScope(null, -1);
        return tensor;
    }

    /** Takes {@code tensor} out of whatever scope owns it: whoever calls must close it. */
    public static Tensor detach(Tensor tensor) {
        return tensor.scope().map(scope -> scope.release(tensor)).orElse(tensor);
    }

    private void add(Tensor tensor) {
        tensor.setScope(this, owned.size());
        owned.add(tensor);
    }

    /** Called by a tensor that is closed before its scope. */
    public void forget(int slot) {
        owned.set(slot, null);
    }

    @Override
    public void close() {
        if (closed) {
            return;
        }
        if (INNERMOST.get() != this) {
            throw new EngineException("TensorScope closed out of order or on another thread; use try-with-resources");
        }
        closed = true;
        INNERMOST.set(parent);
        for (Tensor tensor : owned) {
            if (tensor != null) {
                tensor.close();
            }
        }
        owned.clear();
        if (parent == null) {
            INNERMOST.remove();
        }
    }
}
