package dev.osteon.models;

import dev.osteon.engine.ShapeException;
import dev.osteon.engine.autograd.Recomputation;
import dev.osteon.engine.dispatch.Span;
import dev.osteon.engine.memory.TensorScope;
import dev.osteon.engine.op.Activation;
import dev.osteon.engine.op.Ops;
import dev.osteon.engine.op.Window;
import dev.osteon.engine.tensor.Layout;
import dev.osteon.engine.tensor.Tensor;
import dev.osteon.nn.BatchNorm;
import dev.osteon.nn.Bias;
import dev.osteon.nn.Conv2d;
import dev.osteon.nn.Initializer;
import dev.osteon.nn.Linear;
import dev.osteon.nn.Module;
import dev.osteon.nn.Recomputed;
import dev.osteon.nn.Sequential;
import java.util.LinkedHashMap;
import java.util.Optional;
import java.util.SequencedMap;

/**
 * A residual network (He et al. 2016) in torchvision's version 1.5 and under its names: stem, stages {@code layer1} …,
 * global average pool, optional classifier {@code fc}. The image is laid out channels-last once, and stays so.
 */
public final class ResNet implements Module {

    private final ResNetSpec spec;
    private final Activations activations;
    private final Conv2d conv1;
    private final BatchNorm bn1;
    private final SequencedMap<String, Module> stages = new LinkedHashMap<>();
    private final Optional<Linear> fc;
    private final String maxpool;
    private final String avgpool;

    /** One that keeps its activations for the backward pass. */
    public ResNet(Initializer init, ResNetSpec spec) {
        this(init, spec, Activations.KEPT);
    }

    /** The weights depend on the first two alone. */
    public ResNet(Initializer init, ResNetSpec spec, Activations activations) {
        this.spec = spec;
        this.activations = activations;
        maxpool = init.child("maxpool").path();
        avgpool = init.child("avgpool").path();
        int channels = spec.width();
        conv1 = switch (spec.stem()) {
            case IMAGENET -> Conv2d.square(init.child("conv1"), spec.inputChannels(), channels, 7, 2, 3);
            case SMALL_STRIDE_2 -> Conv2d.square(init.child("conv1"), spec.inputChannels(), channels, 3, 2, 1);
            case SMALL_STRIDE_1 -> Conv2d.square(init.child("conv1"), spec.inputChannels(), channels, 3, 1, 1);
        };
        bn1 = new BatchNorm(init.child("bn1"), channels, Activation.RELU);
        for (int stage = 0; stage < spec.blocks().size(); stage++) {
            String name = "layer" + (stage + 1);
            Module[] blocks = new Module[spec.blocks().get(stage)];
            for (int i = 0; i < blocks.length; i++) {
                int stride = i == 0 && stage > 0 ? 2 : 1;
                ResidualBlock block = new ResidualBlock(init.child(name).child(String.valueOf(i)), spec, channels,
                        spec.planes(stage), stride);
                blocks[i] = activations == Activations.KEPT ? block : new Recomputed(block);
                channels = spec.planes(stage) * spec.block().expansion();
            }
            stages.put(name, Sequential.of(blocks));
        }
        fc = spec.classes() == 0 ? Optional.empty()
                : Optional.of(new Linear(init.child("fc"), channels, spec.classes(), Bias.WITH));
    }

    /** Sees the results of conv1, relu (of bn1), maxpool, layer1 …, avgpool, under these names, as they are made. */
    @FunctionalInterface
    public interface StageObserver {
        void saw(String stage, Tensor output);
    }

    public ResNetSpec spec() {
        return spec;
    }

    /** Logits [N, classes] with a classifier, otherwise the features. */
    @Override
    public Tensor forward(Tensor x) {
        try (TensorScope scope = TensorScope.open()) {
            Tensor features = features(x);
            return scope.keep(classify(features));
        }
    }

    /** Images [N, C, H, W] to features [N, D]. */
    public Tensor features(Tensor x) {
        return features(x, (stage, output) -> { });
    }

    /**
     * As {@link #features(Tensor)}, showing each stage's result, which is closed after the observer has returned. Where
     * activations are computed again, the stem's are shown again.
     */
    public Tensor features(Tensor x, StageObserver observer) {
        if (x.rank() != 4 || x.dim(1) != spec.inputChannels()) {
            throw new ShapeException(architecture(), x.spec().toString(), "images [N, " + spec.inputChannels()
                    + ", H, W]; convert the images, or build the network for their channels");
        }
        Tensor h = activations == Activations.KEPT ? stem(x, observer)
                : Recomputation.of(images -> stem(images, observer), x);
        for (var stage : stages.entrySet()) {
            Tensor next = stage.getValue().forward(h);
            h.close();
            h = next;
            observer.saw(stage.getKey(), h);
        }
        Tensor features = pool(h);
        h.close();
        observer.saw("avgpool", features);
        return features;
    }

    private Tensor stem(Tensor x, StageObserver observer) {
        try (TensorScope scope = TensorScope.open()) {
            Tensor h = conv1.forward(x.to(Layout.NHWC));
            observer.saw("conv1", h);
            h = bn1.forward(h);
            observer.saw("relu", h);
            if (spec.stem() == Stem.IMAGENET) {
                try (Span span = Span.open(Span.Kind.MODULE, maxpool)) {
                    h = Ops.maxPool2d(h, Window.square(3), Window.square(2), Window.ONE);
                }
                observer.saw("maxpool", h);
            }
            return scope.keep(h);
        }
    }

    private Tensor pool(Tensor h) {
        try (TensorScope scope = TensorScope.open(); Span span = Span.open(Span.Kind.MODULE, avgpool)) {
            return scope.keep(Ops.globalAvgPool(h));
        }
    }

    /** The classifier's logits [N, classes] for features [N, D]; the features themselves without a classifier. */
    public Tensor classify(Tensor features) {
        return fc.isPresent() ? fc.get().forward(features) : features;
    }

    @Override
    public SequencedMap<String, Module> children() {
        SequencedMap<String, Module> children = new LinkedHashMap<>();
        children.put("conv1", conv1);
        children.put("bn1", bn1);
        children.putAll(stages);
        fc.ifPresent(linear -> children.put("fc", linear));
        return children;
    }

    @Override
    public String architecture() {
        return spec.description();
    }
}
