package dev.osteon.nn;

import dev.osteon.engine.tensor.Shape;
import java.util.function.Supplier;

/**
 * A tensor of a file, read when asked for.
 *
 * @param values in row-major order
 */
public record StoredTensor(Shape shape, Supplier<double[]> values) {}
