package dev.osteon.engine.backend.reference;

import dev.osteon.engine.backend.host.ErrorFunction;
import dev.osteon.engine.op.Epilogue;

/** What follows a product, element by element. */
final class Epilogues {

    private Epilogues() {}

    static void apply(Epilogue epilogue, double[] y) {
        for (int i = 0; i < y.length && epilogue != Epilogue.NONE; i++) {
            y[i] = epilogue == Epilogue.RELU ? Math.max(y[i], 0)
                    : 0.5 * y[i] * ErrorFunction.erfc(-y[i] * Math.sqrt(0.5));
        }
    }
}
