package dev.osteon.engine.backend.cuda;

import dev.osteon.engine.tensor.DType;

/**
 * What a plan is made for: all that its algorithm depends on, but for {@link FastestPlan#conditions}. Its text is the
 * key under which the choice is kept on disk.
 */
sealed interface PlannedShape permits ConvolutionShape, ProductShape {

    /** What it is, in a word. */
    String kind();

    /** Of all operands and the result. */
    DType dtype();

    /** What follows the sums. */
    Ending ending();

    /** The same without what follows. */
    PlannedShape plain();

    /** Which of the operands is computed: its address. */
    long result(Operands at);

    /** Elements of the result. */
    long results();

    /** Numbers in a bias. */
    int channels();

    /** How many neighbours in the result's memory have one channel. */
    long inner();

    /** Whether cuDNN's graphs may have an operation behind this one: what is channels-last, and goes forward. */
    boolean goesOn();

    /** Bytes of the result if the plan adds to what lies there, otherwise 0. */
    default long bytesAddedTo() {
        return 0;
    }
}
