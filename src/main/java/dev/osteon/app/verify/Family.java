package dev.osteon.app.verify;

import dev.osteon.engine.tensor.DType;
import dev.osteon.engine.tensor.Device;

/** How to compute the cases of one family. */
@FunctionalInterface
interface Family {

    /** Where and in which precision. */
    record Target(Device device, DType dtype) {}

    /** Computes the case in an open scope and hands what came out to {@code comparison}. */
    void run(GoldenCase golden, Target target, Comparison comparison);
}
