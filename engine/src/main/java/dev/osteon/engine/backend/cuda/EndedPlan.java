package dev.osteon.engine.backend.cuda;

/**
 * A convolution or product, and what follows in a pass of its own.
 *
 * @param plain the plan for the shape without what follows, which somebody else closes
 */
record EndedPlan(CudaRuntime cuda, Plan plain, PlannedShape shape) implements Plan {

    @Override
    public long workspace() {
        return plain.workspace();
    }

    @Override
    public void run(Operands at, long space) {
        plain.run(at, space);
        PointwiseKernels.end(cuda, shape, at);
    }

    @Override
    public void close() {
        // it holds nothing
    }
}
