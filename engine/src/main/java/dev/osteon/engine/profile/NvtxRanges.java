package dev.osteon.engine.profile;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_INT;

import dev.osteon.engine.EngineException;
import dev.osteon.engine.backend.cuda.LibrarySearch;
import dev.osteon.engine.dispatch.Dispatcher;
import dev.osteon.engine.dispatch.OpListener;
import dev.osteon.engine.dispatch.Span;
import dev.osteon.engine.op.Op;
import dev.osteon.engine.tensor.Tensor;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SymbolLookup;
import java.lang.invoke.MethodHandle;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;

/**
 * A range of NVIDIA's tools extension (NVTX) around every operation, named by it and its operands, and around every
 * {@link Span}, so that Nsight Systems shows which of them a kernel belongs to. Nothing of this is there unless it is
 * asked for.
 */
@SuppressWarnings("restricted")
public final class NvtxRanges implements OpListener {

    private static final String LIBRARY = "libnvToolsExt.so.1";
    private static final String PROPERTY = "osteon.nvtx";
    private static final String VARIABLE = "OSTEON_NVTX";

    private final MethodHandle push;
    private final MethodHandle pop;

    private NvtxRanges(Path library) {
        SymbolLookup symbols = SymbolLookup.libraryLookup(library, Arena.global());
        Linker linker = Linker.nativeLinker();
        push = linker.downcallHandle(symbols.findOrThrow("nvtxRangePushA"), FunctionDescriptor.of(JAVA_INT, ADDRESS));
        pop = linker.downcallHandle(symbols.findOrThrow("nvtxRangePop"), FunctionDescriptor.of(JAVA_INT));
    }

    /**
     * Marks operations from now on, until the result is closed, if {@code -Dosteon.nvtx=true} or the environment's
     * OSTEON_NVTX=1 asks for it; otherwise nothing is done.
     *
     * @throws EngineException when they are asked for and the library is not here
     */
    public static Optional<Dispatcher.Registration> whenAskedFor() {
        boolean asked = Boolean.getBoolean(PROPERTY) || "1".equals(System.getenv(VARIABLE));
        return asked ? Optional.of(Dispatcher.listen(open())) : Optional.empty();
    }

    private static NvtxRanges open() {
        Path library = LibrarySearch.here().find(LIBRARY).orElseThrow(() -> new EngineException(VARIABLE + ": given, "
                + "but " + LIBRARY + " was not found; expected it beside CUDA's libraries, as Python's "
                + "nvidia-nvtx-cu12 brings it; install that, or name its folder by -Dosteon.cuda.libraries"));
        try {
            return new NvtxRanges(library);
        } catch (IllegalArgumentException | java.util.NoSuchElementException e) {
            throw new EngineException(VARIABLE + ": " + library + " cannot be used: " + e.getMessage(), e);
        }
    }

    @Override
    public void begins(Op op, List<Tensor> inputs) {
        begin(op.name() + " " + inputs.stream().map(t -> t.spec().toString()).collect(Collectors.joining(", ")));
    }

    @Override
    public void opened(Span span) {
        begin(span.name());
    }

    @Override
    public void closed(Span span) {
        end();
    }

    private void begin(String name) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment text = arena.allocateFrom(name);
            int depth = (int) push.invokeExact(text);
        } catch (Throwable e) {
            throw new IllegalStateException("a C function throws nothing", e);
        }
    }

    @Override
    public void ran(Op op, List<Tensor> inputs, List<Tensor> outputs, long nanos) {
        end();
    }

    @Override
    public void failed(Op op) {
        end();
    }

    private void end() {
        try {
            int depth = (int) pop.invokeExact();
        } catch (Throwable e) {
            throw new IllegalStateException("a C function throws nothing", e);
        }
    }
}
