package dev.osteon.models;

import java.util.ArrayList;
import java.util.List;

/**
 * How large a ResNet is, without building it: for telling before a run whether it fits into memory.
 *
 * @param spec which one
 */
public record ResNetFootprint(ResNetSpec spec) {

    /**
     * One convolution.
     *
     * @param weights  numbers in its weight
     * @param channels of its output
     * @param output   numbers in its output for one image
     */
    public record Layer(long weights, long channels, long output) {}

    /**
     * The stem or a residual block: what is computed again as a whole ({@link Activations#RECOMPUTED}).
     *
     * @param input  numbers in its input for one image
     * @param layers its convolutions
     */
    public record Unit(long input, List<Layer> layers) {

        /** Numbers in the outputs of its convolutions for one image. */
        public long activations() {
            return layers.stream().mapToLong(Layer::output).sum();
        }
    }

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
        return units(size).stream().flatMap(unit -> unit.layers.stream()).toList();
    }

    /** The stem and the residual blocks in the forward pass's order, for images of {@code size} × {@code size}. */
    public List<Unit> units(int size) {
        List<Unit> units = new ArrayList<>();
        boolean imagenet = spec.stem() == Stem.IMAGENET;
        long side = spec.stem() == Stem.SMALL_STRIDE_1 ? size : halved(size);
        units.add(new Unit((long) spec.inputChannels() * size * size,
                List.of(layer(spec.inputChannels(), spec.width(), imagenet ? 7 : 3, side))));
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
                List<Layer> layers = new ArrayList<>();
                if (spec.block() == ResNetSpec.Block.BASIC) {
                    layers.add(layer(in, planes, 3, side));
                    layers.add(layer(planes, planes, 3, side));
                } else {
                    int inner = Math.max(1, planes * spec.groupWidth() / 64);
                    layers.add(layer(in, inner, 1, before));
                    layers.add(layer(inner, inner, 3, side));
                    layers.add(layer(inner, out, 1, side));
                }
                if (strided || in != out) {
                    layers.add(layer(in, out, 1, side));
                }
                units.add(new Unit(in * before * before, layers));
                in = out;
            }
        }
        return units;
    }

    private static Layer layer(long in, long out, long kernel, long side) {
        return new Layer(in * out * kernel * kernel, out, out * side * side);
    }

    /** The side after a stride of 2 with padding. */
    private static long halved(long side) {
        return (side - 1) / 2 + 1;
    }
}
