package dev.osteon.engine.autograd;

/** What a tape consists of: something that turns gradients of its results into gradients of its operands, once. */
sealed interface Entry permits Node, Recomputation {

    /** Takes its results' gradients, adds its operands', and lets go of what it saved. */
    void backward(Adjoints adjoints);

    /** Lets go of what it saved; a second time does nothing. */
    void release();
}
