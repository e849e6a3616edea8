package dev.osteon.ssl.loss;

import dev.osteon.engine.memory.TensorScope;
import dev.osteon.engine.op.Ops;
import dev.osteon.engine.tensor.DType;
import dev.osteon.engine.tensor.Device;
import dev.osteon.engine.tensor.Shape;
import dev.osteon.engine.tensor.Tensor;
import dev.osteon.nn.Module;
import dev.osteon.nn.Parameter;
import java.util.Arrays;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.SequencedMap;
import java.util.Set;

/**
 * The latest unit embeddings of each global view, newest first (Caron et al. 2020, "Working with small batches"): with
 * them Sinkhorn spreads more samples over the prototypes than a small batch has. A buffer, saved with the model.
 */
final class EmbeddingQueue implements Module {

    private final SequencedMap<String, Parameter> views = new LinkedHashMap<>();
    /** Views that were full when they were last looked at: from then on they stay so. */
    private final Set<Integer> full = new HashSet<>();

    EmbeddingQueue(Device device, DType dtype, int globalViews, int rows, int dim) {
        for (int i = 0; i < globalViews; i++) {
            String name = "view" + i;
            views.put(name, Parameter.full(name, device, Shape.of(rows, dim), dtype, 0));
        }
    }

    /** The embeddings [rows, d] of a global view; zeros where none have come yet. */
    Tensor rows(int view) {
        return buffer(view).tensor();
    }

    /** Whether all rows of a view are embeddings: the last one is then not zero. Waits for the device until it is. */
    boolean full(int view) {
        if (full.contains(view)) {
            return true;
        }
        try (TensorScope scope = TensorScope.open()) {
            Tensor rows = rows(view);
            boolean all = Arrays.stream(Ops.slice(rows, 0, rows.dim(0) - 1, 1).toDoubles()).anyMatch(v -> v != 0);
            if (all) {
                full.add(view);
            }
            return all;
        }
    }

    /** Whether each view is known to be full, so that asking no longer waits. */
    boolean isKnownFull() {
        return full.size() == views.size();
    }

    /** Puts embeddings [B, d] in front; the oldest B drop out at the end. */
    void push(int view, Tensor embeddings) {
        try (TensorScope scope = TensorScope.open()) {
            Tensor rows = rows(view);
            int kept = rows.dim(0) - embeddings.dim(0);
            buffer(view).assign(Ops.concat(0, embeddings, Ops.slice(rows, 0, 0, kept)));
        }
    }

    private Parameter buffer(int view) {
        return views.get("view" + view);
    }

    @Override
    public SequencedMap<String, Parameter> ownBuffers() {
        return views;
    }

    /** What is looked up is not computed: the input itself. */
    @Override
    public Tensor forward(Tensor x) {
        return x;
    }
}
