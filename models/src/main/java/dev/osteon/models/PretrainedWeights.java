package dev.osteon.models;

import dev.osteon.engine.EngineException;
import dev.osteon.engine.tensor.Shape;
import dev.osteon.nn.Match;
import dev.osteon.nn.StoredTensor;
import dev.osteon.nn.Weights;

/** Loads torchvision's weights, saved as safetensors, into a {@link ResNet}. */
public final class PretrainedWeights {

    private PretrainedWeights() {}

    /** What is done with the first convolution's weights [O, 3, kh, kw]. */
    public enum StemChannels {
        /** They are loaded as they are. */
        AS_STORED,
        /** Summed over the input channels, for grey images: the response to R = G = B. */
        SUM_TO_ONE
    }

    /**
     * Loads the encoder, which must be complete, and the classifier if both the network and the file have one.
     *
     * @throws EngineException for weights of another architecture, naming the tensors that differ
     */
    public static Weights.Loaded load(ResNet resnet, Weights weights, StemChannels channels) {
        Weights fitting = channels == StemChannels.SUM_TO_ONE
                ? weights.with("conv1.weight", PretrainedWeights::sumChannels) : weights;
        Weights.Loaded plan = fitting.plan(resnet);
        boolean complete = plan.missing().stream().allMatch(name -> name.startsWith("fc."))
                && plan.unexpected().stream().allMatch(name -> name.startsWith("fc."));
        return fitting.loadInto(resnet, complete ? Match.PARTIAL : Match.STRICT);
    }

    private static StoredTensor sumChannels(StoredTensor stored) {
        Shape from = stored.shape();
        if (from.rank() != 4) {
            throw new EngineException("conv1.weight: given " + from + "; expected [O, C, kh, kw]; load another file");
        }
        int places = from.dim(2) * from.dim(3);
        return new StoredTensor(from.with(1, 1), () -> {
            double[] values = stored.values().get();
            double[] sums = new double[from.dim(0) * places];
            for (int i = 0; i < values.length; i++) {
                sums[i / (from.dim(1) * places) * places + i % places] += values[i];
            }
            return sums;
        });
    }
}
