package dev.osteon.engine.backend;

import dev.osteon.engine.UnsupportedOpException;
import dev.osteon.engine.op.Op;
import dev.osteon.engine.tensor.DType;
import java.util.EnumSet;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;

/** A backend's kernels: one line an operation, with the layouts and element types that the kernel takes. */
public final class KernelTable {

    /** Which physical layouts of four-dimensional tensors a kernel reads and writes. */
    public enum Layouts {
        /** Reads strides: any mix of layouts. */
        ANY,
        /** Row-major only; the dispatcher reorders other inputs first and declares the outputs row-major. */
        ROW_MAJOR
    }

    /** A kernel with what it takes. Inputs in another floating type are cast, as {@code wider} says. */
    public record Entry<O extends Op>(Kernel<O> kernel, Layouts layouts, Set<DType> floating) {}

    private final String backend;
    private final Map<Class<? extends Op>, Entry<?>> entries = new HashMap<>();

    public KernelTable(String backend) {
        this.backend = backend;
    }

    /** Registers {@code kernel}, which takes floating operands of the types given (integers are always passed). */
    public <O extends Op> KernelTable put(Class<O> op, Layouts layouts, Set<DType> floating, Kernel<? super O> kernel) {
        Kernel<O> exact = kernel::run;
        if (entries.put(op, new Entry<>(exact, layouts, EnumSet.copyOf(floating))) != null) {
            throw new IllegalStateException(backend + " has two kernels for " + op.getSimpleName());
        }
        return this;
    }

    /**
     * The kernel for an operation.
     *
     * @throws UnsupportedOpException naming the backend and the operation when there is none
     */
    @SuppressWarnings("unchecked")
    public <O extends Op> Entry<O> get(O op) {
        Entry<O> entry = (Entry<O>) entries.get(op.getClass());
        if (entry == null) {
            throw new UnsupportedOpException("the " + backend + " backend has no kernel for " + op.name());
        }
        return entry;
    }

    /** Takes over {@code other}'s kernels for the operations that have none here. */
    public KernelTable orElse(KernelTable other) {
        other.entries.forEach(entries::putIfAbsent);
        return this;
    }

    public boolean has(Class<? extends Op> op) {
        return entries.containsKey(op);
    }
}
