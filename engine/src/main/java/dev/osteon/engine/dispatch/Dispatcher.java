package dev.osteon.engine.dispatch;

import dev.osteon.engine.EngineException;
import dev.osteon.engine.UnsupportedOpException;
import dev.osteon.engine.autograd.Recomputation;
import dev.osteon.engine.autograd.Tape;
import dev.osteon.engine.backend.Backend;
import dev.osteon.engine.backend.Backends;
import dev.osteon.engine.backend.KernelTable;
import dev.osteon.engine.memory.TensorScope;
import dev.osteon.engine.op.Cast;
import dev.osteon.engine.op.Op;
import dev.osteon.engine.op.Precision;
import dev.osteon.engine.op.Permute;
import dev.osteon.engine.op.Reshape;
import dev.osteon.engine.op.ToLayout;
import dev.osteon.engine.tensor.DType;
import dev.osteon.engine.tensor.Device;
import dev.osteon.engine.tensor.Layout;
import dev.osteon.engine.tensor.Tensor;
import dev.osteon.engine.tensor.TensorSpec;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Consumer;
import java.util.stream.IntStream;

/** The one way from an operation to its kernel: autocast → shapes → kernel → observers → tape. */
public final class Dispatcher {

    private static final ThreadLocal<DType> AUTOCAST = new ThreadLocal<>();
    private static final List<OpListener> LISTENERS = new CopyOnWriteArrayList<>();

    private Dispatcher() {}

    /** Runs an operation with one result. */
    public static Tensor run(Op op, Tensor... inputs) {
        return runAll(op, List.of(inputs)).getFirst();
    }

    /** Runs an operation; the results belong to the innermost scope. */
    public static List<Tensor> runAll(Op op, List<Tensor> given) {
        Device device = commonDevice(op, given);
        List<Tensor> inputs = autocast(op, given);
        List<TensorSpec> specs = op.infer(inputs.stream().map(Tensor::spec).toList());
        if (specs.isEmpty() && Recomputation.isUnderWay()) {
            return List.of();          // what it changes in place was changed the first time
        }
        if (specs.isEmpty()) {
            changed(op, inputs).forEach(input -> input.buffer().requireWritable(op.name()));
        }
        List<Tensor> outputs = switch (op) {
            case Reshape reshape -> List.of(view(inputs.getFirst(), specs.getFirst()));
            case Permute permute when permute.view(inputs.getFirst().spec()).isPresent() ->
                    List.of(inputs.getFirst().alias(permute.view(inputs.getFirst().spec()).get()));
            default -> execute(op, inputs, specs, Backends.of(device));
        };
        if (outputs.isEmpty()) {
            WeightCopies.changed(changed(op, inputs));
        }
        Tape.record(op, inputs, outputs);
        return outputs;
    }

    /** What an operation without results changes. */
    private static List<Tensor> changed(Op op, List<Tensor> inputs) {
        return IntStream.range(0, inputs.size()).filter(op::changes).mapToObj(inputs::get).toList();
    }

    /**
     * Whether {@link #runAll} of an operation without results does its work, on the operands themselves: their device
     * takes their types and layouts, and this is not the second run of a {@link Recomputation}, which leaves it out.
     */
    public static boolean canRunInPlace(Op op, List<Tensor> inputs) {
        KernelTable.Entry<Op> entry = Backends.of(inputs.getFirst().device()).kernels().get(op);
        return !Recomputation.isUnderWay() && inputs.stream().allMatch(t -> takes(entry, t));
    }

    private static Device commonDevice(Op op, List<Tensor> inputs) {
        Device device = inputs.getFirst().device();
        for (Tensor input : inputs) {
            input.requireOpen();
            if (!input.device().equals(device)) {
                throw new EngineException(op.name() + ": given tensors on " + device + " and " + input.device()
                        + "; expected one device; copy one of them first");
            }
        }
        return device;
    }

    private static List<Tensor> autocast(Op op, List<Tensor> inputs) {
        Optional<DType> target = op instanceof Cast ? Optional.empty() : target(op, inputs);
        boolean copied = op.precision() == Precision.LOW && WeightCopies.areThere();
        if (target.isEmpty() && !copied) {
            return inputs;
        }
        List<Tensor> cast = new ArrayList<>(inputs.size());
        for (Tensor input : inputs) {
            DType type = target.orElse(input.dtype());
            Optional<Tensor> copy = copied ? WeightCopies.find(input, type) : Optional.empty();
            copy.ifPresent(weight -> Tape.standsFor(weight, input));
            cast.add(copy.orElseGet(() -> as(type, input)));
        }
        return cast;
    }

    /** The type that floating operands are brought to; empty where they stay as they are. */
    private static Optional<DType> target(Op op, List<Tensor> inputs) {
        Optional<DType> low = autocast();
        boolean mixed = inputs.stream().map(Tensor::dtype).filter(DType::isFloating).distinct().count() > 1;
        if (low.isEmpty() && !mixed) {
            return Optional.empty();
        }
        return switch (op.precision()) {
            case LOW -> Optional.of(low.orElse(DType.F32));
            case FULL -> Optional.of(DType.F32);
            case FOLLOW -> mixed ? Optional.of(DType.F32) : Optional.empty();
            case KEEP -> Optional.empty();
        };
    }

    private static Tensor as(DType target, Tensor input) {
        boolean convert = (input.dtype() == DType.F32 || input.dtype().isLow()) && input.dtype() != target;
        return convert ? run(new Cast(target), input) : input;
    }

    private static List<Tensor> execute(Op op, List<Tensor> inputs, List<TensorSpec> specs, Backend backend) {
        KernelTable.Entry<Op> entry = backend.kernels().get(op);
        boolean rowMajor = entry.layouts() == KernelTable.Layouts.ROW_MAJOR;
        List<Tensor> outputs = new ArrayList<>(specs.size());
        for (TensorSpec spec : specs) {
            String module = LISTENERS.isEmpty() ? "" : Span.innermost(Span.Kind.MODULE);
            String label = op.name() + " " + spec + (module.isEmpty() ? "" : " of " + module);
            outputs.add(Tensor.empty(backend.device(), rowMajor ? spec.rowMajor() : spec, label));
        }
        boolean fits = inputs.stream().allMatch(t -> takes(entry, t)) && outputs.stream()
                .allMatch(t -> takes(entry, t));
        if (fits) {
            kernel(op, entry, inputs, outputs);
            return outputs;
        }
        if (outputs.isEmpty()) {
            requireTaken(op, entry, changed(op, inputs), backend);
        }
        try (TensorScope temporary = TensorScope.open()) {
            List<Tensor> readyInputs = inputs.stream().map(t -> adapt(op, entry, t, backend)).toList();
            List<Tensor> wideOutputs = outputs.stream().map(t -> takes(entry, t) ? t
                    : Tensor.empty(backend.device(), t.spec().withDType(wider(op, entry, t, backend)), op
                            .name())).toList();
            kernel(op, entry, readyInputs, wideOutputs);
            for (int i = 0; i < outputs.size(); i++) {
                if (wideOutputs.get(i) != outputs.get(i)) {
                    Cast narrow = new Cast(outputs.get(i).dtype());
                    kernel(narrow, backend.kernels().get(narrow), List.of(wideOutputs.get(i)), List.of(outputs.get(i)));
                }
            }
        }
        return outputs;
    }

    /** What changed in a copy would be lost. */
    private static void requireTaken(Op op, KernelTable.Entry<?> entry, List<Tensor> changed, Backend backend) {
        changed.stream().filter(t -> !takes(entry, t)).findFirst().ifPresent(t -> {
            throw new UnsupportedOpException(op.name() + " on " + backend.device() + ": given " + t.spec()
                    + ", which its kernel does not take as it is and would have to change in place; expected "
                    + entry.floating() + (entry.layouts() == KernelTable.Layouts.ANY ? "" : ", row-major"));
        });
    }

    private static boolean takes(KernelTable.Entry<?> entry, Tensor tensor) {
        return (entry.layouts() == KernelTable.Layouts.ANY || tensor.layout() == Layout.ROW_MAJOR)
                && (!tensor.dtype().isFloating() || entry.floating().contains(tensor.dtype()));
    }

    private static Tensor adapt(Op op, KernelTable.Entry<?> entry, Tensor tensor, Backend backend) {
        Tensor ready = tensor;
        if (entry.layouts() == KernelTable.Layouts.ROW_MAJOR && ready.layout() != Layout.ROW_MAJOR) {
            ready = rowMajor(ready, backend);
        }
        if (ready.dtype().isFloating() && !entry.floating().contains(ready.dtype())) {
            Cast widen = new Cast(wider(op, entry, ready, backend));
            ready = execute(widen, List.of(ready), widen.infer(List.of(ready.spec())), backend).getFirst();
        }
        return ready;
    }

    private static DType wider(Op op, KernelTable.Entry<?> entry, Tensor tensor, Backend backend) {
        if (tensor.dtype().isLow() && entry.floating().contains(DType.F32)) {
            return DType.F32;
        }
        throw new UnsupportedOpException("the " + backend.device() + " backend has no " + tensor.dtype()
                + " kernel for " + op.name() + "; use float32, or the reference backend for float64");
    }

    private static Tensor rowMajor(Tensor tensor, Backend backend) {
        if (tensor.spec().liesAs(Layout.ROW_MAJOR)) {
            return tensor.alias(tensor.spec().rowMajor());
        }
        ToLayout reorder = new ToLayout(Layout.ROW_MAJOR);
        return execute(reorder, List.of(tensor), reorder.infer(List.of(tensor.spec())), backend).getFirst();
    }

    private static Tensor view(Tensor input, TensorSpec spec) {
        if (input.layout() == Layout.ROW_MAJOR) {
            return input.alias(spec);
        }
        try (TensorScope temporary = TensorScope.open()) {
            return temporary.keep(rowMajor(input, Backends.of(input.device())).alias(spec));
        }
    }

    private static void kernel(Op op, KernelTable.Entry<Op> entry, List<Tensor> inputs, List<Tensor> outputs) {
        if (LISTENERS.isEmpty()) {
            entry.kernel().run(op, inputs, outputs);
            return;
        }
        List<OpListener> listeners = List.copyOf(LISTENERS);      // who saw the beginning sees the end
        listeners.forEach(listener -> listener.begins(op, inputs));
        long start = System.nanoTime();
        boolean done = false;
        try {
            entry.kernel().run(op, inputs, outputs);
            done = true;
        } finally {
            long nanos = System.nanoTime() - start;
            for (OpListener listener : listeners) {
                if (done) {
                    listener.ran(op, inputs, outputs, nanos);
                } else {
                    listener.failed(op);
                }
            }
        }
    }

    static boolean isObserved() {
        return !LISTENERS.isEmpty();
    }

    /** Whether somebody needs to hear of each operation. */
    static boolean isEachOperationHeard() {
        return LISTENERS.stream().anyMatch(OpListener::hearsOperations);
    }

    static void tell(Consumer<OpListener> what) {
        LISTENERS.forEach(what);
    }

    /** Adds an observer until the returned handle is closed. */
    public static Registration listen(OpListener listener) {
        LISTENERS.add(listener);
        return () -> LISTENERS.remove(listener);
    }

    /** Removes an observer when closed. */
    public interface Registration extends AutoCloseable {
        @Override
        void close();
    }

    /** Runs {@code work} on this thread in mixed precision: {@link Precision#LOW} operations in {@code low}. */
    public static void autocast(DType low, Runnable work) {
        withAutocast(Optional.of(low), work);
    }

    /** Runs {@code work} on this thread with autocast off, as the backward pass does: operands keep their types. */
    public static void fullPrecision(Runnable work) {
        withAutocast(Optional.empty(), work);
    }

    /** The type that {@link Precision#LOW} operations run in on this thread; empty with autocast off. */
    public static Optional<DType> autocast() {
        return Optional.ofNullable(AUTOCAST.get());
    }

    /** Runs {@code work} on this thread with autocast as {@link #autocast()} said. */
    public static void withAutocast(Optional<DType> low, Runnable work) {
        DType before = AUTOCAST.get();
        AUTOCAST.set(low.orElse(null));
        try {
            work.run();
        } finally {
            AUTOCAST.set(before);
        }
    }
}
