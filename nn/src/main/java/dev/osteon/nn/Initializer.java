package dev.osteon.nn;

import dev.osteon.engine.EngineException;
import dev.osteon.engine.random.Philox;
import dev.osteon.engine.tensor.DType;
import dev.osteon.engine.tensor.Device;
import dev.osteon.engine.tensor.Shape;
import java.util.function.DoubleSupplier;

/**
 * Where and with which numbers a module's parameters are made. Numbers depend on the seed and the parameter's full
 * name alone, not on the order of construction, and are rounded to float32, so that every device and element type
 * starts from the same network.
 *
 * @param device where the parameters live
 * @param dtype  F32, or F64 on the reference backend; mixed precision keeps float32 parameters
 * @param seed   of the run
 * @param path   the full name of the module being made, empty at the root
 */
public record Initializer(Device device, DType dtype, long seed, String path) {

    public Initializer {
        if (dtype != DType.F32 && dtype != DType.F64) {
            throw new EngineException("initializer: given parameters of " + dtype
                    + "; expected f32 or f64; for bf16 training keep f32 parameters and run under Dispatcher.autocast");
        }
    }

    /** At the root of a network. */
    public static Initializer on(Device device, DType dtype, long seed) {
        return new Initializer(device, dtype, seed, "");
    }

    /** For the part {@code name} of this module. */
    public Initializer child(String name) {
        return new Initializer(device, dtype, seed, full(name));
    }

    private String full(String name) {
        return path.isEmpty() ? name : path + "." + name;
    }

    /** All values equal. */
    public Parameter constant(String name, Shape shape, double value) {
        return Parameter.full(full(name), device, shape, dtype, value);
    }

    /** Normal values of mean 0. */
    public Parameter normal(String name, Shape shape, double standardDeviation) {
        Philox random = stream(name);
        return filled(name, shape, () -> standardDeviation * random.nextGaussian());
    }

    /** Values uniform within ±bound. */
    public Parameter uniform(String name, Shape shape, double bound) {
        Philox random = stream(name);
        return filled(name, shape, () -> random.nextDouble(-bound, bound));
    }

    private Philox stream(String name) {
        return Philox.of(seed).fork("init").fork(full(name));
    }

    private Parameter filled(String name, Shape shape, DoubleSupplier next) {
        return Parameter.of(full(name), device, shape, dtype, () -> (float) next.getAsDouble());
    }
}
