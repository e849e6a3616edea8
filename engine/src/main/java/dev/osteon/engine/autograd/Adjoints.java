package dev.osteon.engine.autograd;

import dev.osteon.engine.dispatch.Dispatcher;
import dev.osteon.engine.memory.TensorScope;
import dev.osteon.engine.op.MultiTensorSum;
import dev.osteon.engine.op.Op;
import dev.osteon.engine.op.Ops;
import dev.osteon.engine.tensor.Tensor;
import dev.osteon.engine.tensor.TensorSpec;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * The gradients that are on their way in a backward pass, by the number of the tensor they belong to (the adjoints of
 * Griewank and Walther 2008, ch. 3). Owns its tensors until they are taken or it is closed.
 *
 * <p>Those of the tensors that are asked for in the end wait there as they came, and are added up in the end, all
 * tensors' by one operation: on a GPU one launch for the parameters of a network that runs for two resolutions, not one
 * each. In 16 bits two that wait take no more memory than their sum in float32. Where they take more, they are added up
 * each time that this comes to {@value #MOST_SURPLUS} bytes.
 */
final class Adjoints implements AutoCloseable {

    private static final long MOST_SURPLUS = 16 << 20;

    private final Map<Long, Tensor> byId = new HashMap<>();
    /** What tensors that are asked for are, and what has come for them, in the order asked for. */
    private final Map<Long, TensorSpec> wanted = new LinkedHashMap<>();
    private final Map<Long, List<Tensor>> waiting = new HashMap<>();
    /** Bytes that those which wait take above what sums would. */
    private long surplus;

    /** @param with tensors whose gradients stay when they are taken, as they are asked for in the end */
    Adjoints(Collection<Tensor> with) {
        with.forEach(tensor -> wanted.put(tensor.id(), tensor.spec()));
    }

    boolean has(long id) {
        return byId.containsKey(id) || waiting.containsKey(id);
    }

    /** What has come together for a tensor, in the innermost scope. */
    Optional<Tensor> take(long id) {
        if (waiting.containsKey(id)) {
            Tensor gradient = together(id);
            return Optional.of(gradient.alias(gradient.spec()));
        }
        return Optional.ofNullable(byId.remove(id)).map(TensorScope::adopt);
    }

    /** Adds to what there is for a tensor. */
    void add(long id, Tensor given) {
        if (wanted.containsKey(id)) {
            keep(id, given);
            return;
        }
        Tensor before = byId.get(id);
        Tensor sum = before == null ? given.alias(given.spec()) : Ops.add(before, given);
        byId.put(id, TensorScope.detach(sum));
        if (before != null) {
            before.close();
        }
    }

    /**
     * Has an operation add to what there is for a tensor, which saves the passes over memory of an addition by itself.
     * Where gradients are handed on without a copy their memory is several tensors': then it must not change.
     *
     * @param onto     adds to its last operand, in place
     * @param operands those before the last
     * @return whether that could be done; otherwise nothing has happened
     */
    boolean addInPlace(long id, Op onto, List<Tensor> operands) {
        Tensor before = byId.get(id);
        if (before == null || before.buffer().isShared()) {
            return false;
        }
        List<Tensor> all = new ArrayList<>(operands);
        all.add(before);
        boolean takes = Dispatcher.canRunInPlace(onto, all);
        if (takes) {
            Dispatcher.runAll(onto, all);
        }
        return takes;
    }

    private void keep(long id, Tensor given) {
        if (waiting.computeIfAbsent(id, _ -> new ArrayList<>()).size() == MultiTensorSum.MOST_TERMS) {
            addUpSeveral();
        }
        surplus -= surplus(id);
        waiting.get(id).add(Node.hold(given));
        surplus += surplus(id);
        if (surplus > MOST_SURPLUS) {
            addUpSeveral();
        }
    }

    private long surplus(long id) {
        long bytes = waiting.get(id).stream().mapToLong(gradient -> gradient.spec().bytes()).sum();
        return Math.max(0, bytes - wanted.get(id).bytes());
    }

    private void addUpSeveral() {
        addUp(wanted.keySet().stream().filter(id -> waiting.containsKey(id) && waiting.get(id).size() > 1).toList());
    }

    private Tensor together(long id) {
        addUp(List.of(id));
        return waiting.get(id).getFirst();
    }

    /** Makes one gradient of those that wait for each of some tensors, of the tensor's own type and layout. */
    private void addUp(Collection<Long> ids) {
        try (TensorSums sums = new TensorSums()) {
            List<Long> several = ids.stream().filter(waiting::containsKey)
                    .filter(id -> waiting.get(id).size() > 1 || !isLike(waiting.get(id).getFirst(), wanted.get(id)))
                    .toList();
            for (long id : several) {
                surplus -= surplus(id);
                sums.add(waiting.put(id, new ArrayList<>()), wanted.get(id));
            }
            List<Tensor> results = sums.run();
            for (int i = 0; i < results.size(); i++) {
                waiting.get(several.get(i)).add(results.get(i));
            }
        }
    }

    private static boolean isLike(Tensor gradient, TensorSpec spec) {
        return gradient.dtype() == spec.dtype() && gradient.spec().liesAs(spec.layout());
    }

    /** Has what has come together for one tensor go on as another's, which is the same value made again. */
    void move(long from, long to) {
        if (from == to || has(to) || !has(from)) {
            return;
        }
        Tensor gradient = waiting.containsKey(from) ? Node.hold(together(from)) : byId.remove(from);
        if (wanted.containsKey(to)) {
            try (gradient) {
                keep(to, gradient);
            }
        } else {
            byId.put(to, gradient);
        }
    }

    /** Walks back through entries that were recorded in this order. */
    void through(List<Entry> entries) {
        for (Entry entry : entries.reversed()) {
            entry.backward(this);
        }
    }

    /** What is there in the end, in the order asked for; the caller's. */
    Gradients results(Collection<Tensor> with) {
        addUp(wanted.keySet());
        Gradients results = new Gradients();
        for (Tensor tensor : with) {
            Optional.ofNullable(waiting.remove(tensor.id())).ifPresent(all -> results.put(tensor, all.getFirst()));
        }
        return results;
    }

    @Override
    public void close() {
        byId.values().forEach(Tensor::close);
        byId.clear();
        waiting.values().forEach(all -> all.forEach(Tensor::close));
        waiting.clear();
    }
}
