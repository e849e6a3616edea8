package dev.osteon.engine.backend.cuda;

import dev.osteon.engine.OutOfMemoryException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Supplier;

/** Which of several ways is the fastest for a shape: as it was found before, on disk, or timed now. */
record FastestPlan(CudaRuntime cuda, AlgorithmCache algorithms) {

    private static final Logger LOG = System.getLogger("osteon.cuda");
    private static final long USUAL_WORKSPACE = 1024;
    /** Most of the device's memory that an engine may use for itself, in MiB. */
    private static final long WORKSPACE = Long.getLong("osteon.cuda.workspace", USUAL_WORKSPACE);
    /** How many of the engines that cuDNN recommends are tried; fewer of those that are compiled for that. */
    private static final int TRIED = 4;
    private static final int TRIED_FUSED = 2;
    /** How often each is run. */
    private static final int RUNS = 4;
    /** Bytes at whose multiples workspaces begin. */
    private static final long ALIGNMENT = 256;

    /**
     * What may be chosen.
     *
     * @param index one of cuDNN's engines by its number, or below 0 what is no engine and is always tried
     * @param plan  makes it, or throws a {@link CudaFailure}
     */
    record Candidate(long index, Supplier<? extends Plan> plan) {}

    private record Measured(int position, Plan plan, double millis) {}

    /** What choices depend on beside shapes, device and libraries, as a part of a name; nothing as a rule. */
    static String conditions() {
        return (WORKSPACE == USUAL_WORKSPACE ? "" : " workspace " + WORKSPACE)
                + (Boolean.getBoolean("osteon.cuda.tf32") ? " tf32" : "");
    }

    /**
     * @param candidates in the order in which they are tried
     * @param at         operands to try it on; the one that the shape computes is overwritten
     * @throws CudaFailure when there is none
     */
    Plan of(PlannedShape shape, List<Candidate> candidates, Operands at) {
        Optional<Candidate> known = algorithms.find(shape.toString())
                .filter(c -> c.position() < candidates.size()
                        && candidates.get(c.position()).index == c.engine())
                .map(c -> candidates.get(c.position()));
        return known.isPresent() ? known.get().plan.get() : measure(shape, candidates, at).plan;
    }

    /**
     * With memory from the driver, given back at once: what is tried once counts in no peak of the allocator's. What is
     * added to must not be added to by each run, so there some of that memory takes its place. A choice made with less
     * memory than wanted, on a device that was full just then, is not kept for later processes.
     */
    private Measured measure(PlannedShape shape, List<Candidate> candidates, Operands at) {
        CudaMemory memory = new CudaMemory(cuda);
        long bytes = WORKSPACE << 20;
        long added = Math.ceilDiv(shape.bytesAddedTo(), ALIGNMENT) * ALIGNMENT;
        while (true) {
            try {
                MemorySegment space = memory.acquire(added + bytes);
                try {
                    Operands tried = added == 0 ? at : new Operands(space.address(), at.weight(), at.y(), at.bias());
                    Measured best = fastest(shape, candidates, tried, space.address() + added, bytes);
                    if (bytes == WORKSPACE << 20) {
                        algorithms.put(shape.toString(), new AlgorithmCache.Choice(best.position,
                                candidates.get(best.position).index));
                    }
                    return best;
                } finally {
                    memory.surrender(space);
                }
            } catch (OutOfMemoryError | OutOfMemoryException e) {
                if (bytes <= 1 << 20) {
                    throw new CudaFailure("no memory is left to choose an engine for " + shape);
                }
                cuda.allocator().trim();
                bytes /= 4;
            }
        }
    }

    /** Of the first few that cuDNN takes; overwrites what the shape computes. */
    private Measured fastest(PlannedShape shape, List<Candidate> candidates, Operands at, long space, long bytes) {
        int most = shape.ending().isNone() ? TRIED : TRIED_FUSED;
        List<Measured> taken = new ArrayList<>();
        List<String> refusals = new ArrayList<>();
        for (int i = 0; i < candidates.size(); i++) {
            if (taken.size() >= most && candidates.get(i).index >= 0) {
                continue;
            }
            Optional<Plan> plan = Optional.empty();
            try {
                plan = Optional.of(candidates.get(i).plan.get());
                if (plan.get().workspace() > bytes) {
                    throw new CudaFailure("needs a workspace of " + plan.get().workspace() + " bytes");
                }
                taken.add(new Measured(i, plan.get(), millis(plan.get(), at, space)));
            } catch (CudaFailure e) {
                refusals.add("engine " + candidates.get(i).index + ": " + e.getMessage());
                plan.ifPresent(Plan::close);
            }
        }
        Measured best = taken.stream().reduce((a, b) -> b.millis < a.millis ? b : a).orElseThrow(() -> new CudaFailure(
                "cuDNN has no deterministic engine for " + shape
                + (refusals.isEmpty() ? "" : ": " + String.join("; ", refusals))));
        taken.stream().filter(m -> m != best).forEach(m -> m.plan.close());
        LOG.log(Level.DEBUG, () -> shape + ": " + taken + " " + refusals);
        return best;
    }

    private double millis(Plan plan, Operands at, long space) {
        plan.run(at, space);          // its kernel is loaded
        cuda.synchronize();
        long start = System.nanoTime();
        for (int i = 0; i < RUNS; i++) {
            plan.run(at, space);
        }
        cuda.synchronize();
        return (System.nanoTime() - start) / 1e6 / RUNS;
    }
}
