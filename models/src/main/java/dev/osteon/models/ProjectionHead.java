package dev.osteon.models;

import dev.osteon.engine.EngineException;
import dev.osteon.engine.op.Activation;
import dev.osteon.engine.tensor.Tensor;
import dev.osteon.nn.BatchNorm;
import dev.osteon.nn.Bias;
import dev.osteon.nn.Initializer;
import dev.osteon.nn.Linear;
import dev.osteon.nn.Module;
import dev.osteon.nn.Relu;
import dev.osteon.nn.Sequential;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.SequencedMap;

/**
 * The multi-layer perceptron between an encoder and a self-supervised loss (Chen et al. 2020, "SimCLR", section 4.2):
 * linear layers with ReLU, and batch-norm where asked, between them. Names are the places in the official
 * implementations' nn.Sequential: {@code 0} linear, {@code 1} batch-norm, ({@code 2} ReLU), {@code 3} linear, …
 */
public final class ProjectionHead implements Module {

    private final Settings settings;
    private final Sequential layers;

    /** Whether a batch-norm follows. */
    public enum Norm { NONE, BATCH }

    /**
     * The head's form.
     *
     * @param sizes     features in, hidden …, out: two linear layers have three sizes
     * @param hidden    norm before each ReLU
     * @param output    norm after the last linear layer
     * @param finalBias of the last linear layer; the others have one
     */
    public record Settings(List<Integer> sizes, Norm hidden, Norm output, Bias finalBias) {

        public Settings {
            sizes = List.copyOf(sizes);
            if (sizes.size() < 2 || sizes.stream().anyMatch(size -> size < 1)) {
                throw new EngineException("projection head: given sizes " + sizes
                        + "; expected at least features and output, each 1 or more");
            }
        }

        /** SimCLR's: Linear BN ReLU, once or (three layers) twice, then Linear BN. */
        public static Settings simclr(Integer... sizes) {
            return new Settings(List.of(sizes), Norm.BATCH, Norm.BATCH, Bias.WITHOUT);
        }

        /** SupContrast's: Linear ReLU Linear. */
        public static Settings plain(Integer... sizes) {
            return new Settings(List.of(sizes), Norm.NONE, Norm.NONE, Bias.WITH);
        }

        /** SwAV's: Linear BN ReLU Linear. */
        public static Settings swav(Integer... sizes) {
            return new Settings(List.of(sizes), Norm.BATCH, Norm.NONE, Bias.WITH);
        }

        /** VICReg's expander: Linear BN ReLU, …, Linear without bias. */
        public static Settings vicreg(Integer... sizes) {
            return new Settings(List.of(sizes), Norm.BATCH, Norm.NONE, Bias.WITHOUT);
        }
    }

    public ProjectionHead(Initializer init, Settings settings) {
        this.settings = settings;
        SequencedMap<String, Module> named = new LinkedHashMap<>();
        List<Integer> sizes = settings.sizes();
        int place = 0;
        for (int i = 1; i < sizes.size(); i++) {
            boolean last = i == sizes.size() - 1;
            String name = String.valueOf(place++);
            named.put(name, new Linear(init.child(name), sizes.get(i - 1), sizes.get(i),
                    last ? settings.finalBias() : Bias.WITH));
            boolean normed = (last ? settings.output() : settings.hidden()) == Norm.BATCH;
            if (normed) {
                String norm = String.valueOf(place++);
                named.put(norm, new BatchNorm(init.child(norm), sizes.get(i),
                        last ? Activation.NONE : Activation.RELU));
            }
            if (!last) {
                String relu = String.valueOf(place++);     // with a norm the ReLU is part of it, and only its place is
                if (!normed) {
                    named.put(relu, new Relu());
                }
            }
        }
        layers = new Sequential(named);
    }

    /** Features [N, in] to embeddings [N, out], not normalised. */
    @Override
    public Tensor forward(Tensor x) {
        return layers.forward(x);
    }

    @Override
    public SequencedMap<String, Module> children() {
        return layers.children();
    }

    @Override
    public String architecture() {
        return "head " + settings.sizes() + (settings.hidden() == Norm.BATCH ? " hidden bn" : "")
                + (settings.output() == Norm.BATCH ? " output bn" : "");
    }
}
