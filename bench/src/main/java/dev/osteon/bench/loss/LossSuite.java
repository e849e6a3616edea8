package dev.osteon.bench.loss;

import dev.osteon.engine.tensor.Device;
import java.util.ServiceLoader;

/** The losses of one implementation, on {@link Inputs}. Peers are found as services. */
public interface LossSuite {

    /** Threads of every implementation. */
    int THREADS = 2;

    /** Dimensions of the embeddings. */
    int DIM = 128;

    /** Prototypes of SwAV. */
    int PROTOTYPES = 3000;

    /** Classes of SupCon's samples: two, as in training, where many positives meet each anchor. */
    int CLASSES = 2;

    /** Of NT-Xent and SupCon. */
    double TEMPERATURE = 0.1;

    /** Of the LARC step, as its weight decay. */
    double LEARNING_RATE = 0.1;

    double WEIGHT_DECAY = 1e-4;

    /** {@code osteon} or {@code libtorch}. */
    String name();

    /** NT-Xent between two views of n samples. */
    LossWork ntXent(int n);

    /** SupCon over two views of n samples. */
    LossWork supCon(int n);

    /** SwAV's loss between two views of n samples, its codes and the prototypes' gradient included. */
    LossWork swav(int n);

    /** SwAV's codes alone, from scores [n, PROTOTYPES]. */
    LossWork sinkhorn(int n);

    /** VICReg between two views of n samples. */
    LossWork vicReg(int n);

    /** One LARC step over the parameters of a ResNet-50. */
    LossWork larc();

    /** The suite of an implementation by its name. */
    static LossSuite named(String name) {
        if (name.equals("osteon")) {
            return new OsteonLosses(Device.CPU);
        }
        return ServiceLoader.load(LossSuite.class).stream().map(ServiceLoader.Provider::get)
                .filter(suite -> suite.name().equals(name)).findFirst().orElseThrow(() -> new IllegalArgumentException(
                        "given implementation " + name + "; expected osteon, or a peer: build with -Ppeers"));
    }
}
