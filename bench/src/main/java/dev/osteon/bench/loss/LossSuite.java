package dev.osteon.bench.loss;

import dev.osteon.bench.Work;

/** The losses of one implementation, on {@link Inputs}. */
public interface LossSuite {

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

    /** NT-Xent between two views of n samples. */
    Work ntXent(int n);

    /** SupCon over two views of n samples. */
    Work supCon(int n);

    /** SwAV's loss between two views of n samples, its codes and the prototypes' gradient included. */
    Work swav(int n);

    /** SwAV's codes alone, from scores [n, PROTOTYPES]. */
    Work sinkhorn(int n);

    /** VICReg between two views of n samples. */
    Work vicReg(int n);

    /** One LARC step over the parameters of a ResNet-50. */
    Work larc();
}
