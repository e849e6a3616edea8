package dev.osteon.engine.backend.cuda;

/** A convolution or a product that is ready to run. */
sealed interface Plan extends AutoCloseable permits DnnPlan, EndedPlan, MatrixPlan, ProductPlan {

    /** Bytes of device memory that it needs for itself. */
    long workspace();

    /**
     * Queues it.
     *
     * @param space the address of its workspace
     * @throws CudaFailure when a library refuses
     */
    void run(Operands at, long space);

    @Override
    void close();
}
