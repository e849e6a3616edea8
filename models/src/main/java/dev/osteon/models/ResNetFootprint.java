package dev.osteon.models;

import java.util.ArrayList;
import java.util.List;

/**
 * How large a ResNet is, without building it: for telling before a run whether it fits into memory.
 *
 * @param spec which one
 */
public record ResNetFootprint(ResNetSpec spec) {

    /** One convolution: numbers in its weight, and in its output for one image. */
    private record Layer(long weights, long channels, long output) {}

    /** Number of trainable parameters: convolutions, batch-norms' weight and bias, and the classifier. */
    public long parameters() {
        long classifier = spec.classes() == 0 ? 0 : (spec.features() + 1L) * spec.classes();
        return layers(32).stream().mapToLong(layer -> layer.weights + 2 * layer.channels).sum() + classifier;
    }

    /** Numbers in the outputs of all convolutions for one image of {@code size} × {@code size} pixels. */
    public long activations(int size) {
        return layers(size).stream().mapToLong(Layer::output).sum();
    }

    /** Numbers in the largest of these outputs. */
    public long largestActivation(int size) {
        return layers(size).stream().mapToLong(Layer::output).max().orElseThrow();
    }

    private List<Layer> layers(int size) {
        List<Layer> layers = new ArrayList<>();
        boolean imagenet = spec.stem() == Stem.IMAGENET;
        long side = spec.stem() == Stem.SMALL_STRIDE_1 ? size : halved(size);
        add(layers, spec.inputChannels(), spec.width(), imagenet ? 7 : 3, side);
        if (imagenet) {
            side = halved(side);   // the max-pool
        }
        int in = spec.width();
        for (int stage = 0; stage < spec.blocks().size(); stage++) {
            int planes = spec.planes(stage);
            int out = planes * spec.block().expansion();
            for (int block = 0; block < spec.blocks().get(stage); block++) {
                boolean strided = block == 0 && stage > 0;
                long before = side;
                side = strided ? halved(side) : side;
                if (spec.block() == ResNetSpec.Block.BASIC) {
                    add(layers, in, planes, 3, side);
                    add(layers, planes, planes, 3, side);
                } else {
                    int inner = Math.max(1, planes * spec.groupWidth() / 64);
                    add(layers, in, inner, 1, before);
                    add(layers, inner, inner, 3, side);
                    add(layers, inner, out, 1, side);
                }
                if (strided || in != out) {
                    add(layers, in, out, 1, side);
                }
                in = out;
            }
        }
        return layers;
    }

    private static void add(List<Layer> layers, long in, long out, long kernel, long side) {
        layers.add(new Layer(in * out * kernel * kernel, out, out * side * side));
    }

    /** The side after a stride of 2 with padding. */
    private static long halved(long side) {
        return (side - 1) / 2 + 1;
    }
}
