package dev.osteon.bench;

/** One implementation's ResNet-50 training step: forward, cross-entropy, backward, SGD with momentum. */
public interface TrainingStep extends AutoCloseable {

    String name();

    /** Does one step and returns its loss. */
    double step();

    @Override
    void close();
}
