package dev.osteon.engine.backend.cuda;

/** A convolution that is ready to run. */
sealed interface ConvolutionPlan extends AutoCloseable permits DnnPlan, ProductPlan {

    /** Bytes of device memory that it needs for itself. */
    long workspace();

    /**
     * Queues it on the addresses given.
     *
     * @throws CudaFailure when a library refuses
     */
    void run(long x, long weight, long y, long space);

    @Override
    void close();
}
