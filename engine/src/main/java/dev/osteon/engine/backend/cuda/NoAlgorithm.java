package dev.osteon.engine.backend.cuda;

import dev.osteon.engine.EngineException;

/** A convolution that cuDNN has no algorithm for, in the layout asked for. */
final class NoAlgorithm extends EngineException {

    private static final long serialVersionUID = 1L;

    NoAlgorithm(String message, Throwable cause) {
        super(message, cause);
    }
}
