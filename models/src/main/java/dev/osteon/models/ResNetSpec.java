package dev.osteon.models;

import dev.osteon.engine.EngineException;
import java.util.List;
import java.util.Locale;

/**
 * Which ResNet (He et al. 2016, table 1).
 *
 * @param block         basic or bottleneck
 * @param blocks        number of blocks of each stage; stages after the first halve the image
 * @param inputChannels 3 for RGB, 1 for radiographs
 * @param width         channels of the stem and planes of the first stage: 64 in the paper; each stage doubles it
 * @param groupWidth    a bottleneck's inner channels per 64 planes, torchvision's width_per_group: 64 in the paper
 * @param stem          how the image is taken in
 * @param classes       outputs of the classifier {@code fc}; 0 for none
 */
public record ResNetSpec(Block block, List<Integer> blocks, int inputChannels, int width, int groupWidth, Stem stem,
        int classes) {

    /** The names that {@link #named} knows. */
    public static final List<String> NAMES = List.of("resnet18", "resnet34", "resnet50");

    /** The two residual blocks; a bottleneck has its stride on the 3×3 convolution (v1.5, as torchvision). */
    public enum Block {
        BASIC(1), BOTTLENECK(4);

        private final int expansion;

        Block(int expansion) {
            this.expansion = expansion;
        }

        /** Output channels per plane. */
        public int expansion() {
            return expansion;
        }
    }

    public ResNetSpec {
        blocks = List.copyOf(blocks);
        require("stages", blocks.size(), 1);
        blocks.forEach(count -> require("blocks in a stage", count, 1));
        require("input channels", inputChannels, 1);
        require("width", width, 1);
        require("group width", groupWidth, 1);
        require("classes", classes, 0);
    }

    private static void require(String what, int value, int least) {
        if (value < least) {
            throw new EngineException("resnet " + what + ": given " + value + "; expected " + least + " or more");
        }
    }

    /** A ResNet of any depth for RGB images, without a classifier. */
    public static ResNetSpec of(Block block, Integer... blocks) {
        return new ResNetSpec(block, List.of(blocks), 3, 64, 64, Stem.IMAGENET, 0);
    }

    public static ResNetSpec resnet18() {
        return of(Block.BASIC, 2, 2, 2, 2);
    }

    public static ResNetSpec resnet34() {
        return of(Block.BASIC, 3, 4, 6, 3);
    }

    public static ResNetSpec resnet50() {
        return of(Block.BOTTLENECK, 3, 4, 6, 3);
    }

    /**
     * By torchvision's name.
     *
     * @throws EngineException for another name than resnet18, resnet34 or resnet50
     */
    public static ResNetSpec named(String name) {
        return switch (name) {
            case "resnet18" -> resnet18();
            case "resnet34" -> resnet34();
            case "resnet50" -> resnet50();
            default -> throw new EngineException("encoder: given " + name
                    + "; expected resnet18, resnet34 or resnet50; for others give the blocks");
        };
    }

    public ResNetSpec withInputChannels(int channels) {
        return new ResNetSpec(block, blocks, channels, width, groupWidth, stem, classes);
    }

    public ResNetSpec withWidth(int newWidth) {
        return new ResNetSpec(block, blocks, inputChannels, newWidth, groupWidth, stem, classes);
    }

    public ResNetSpec withGroupWidth(int newGroupWidth) {
        return new ResNetSpec(block, blocks, inputChannels, width, newGroupWidth, stem, classes);
    }

    public ResNetSpec withStem(Stem newStem) {
        return new ResNetSpec(block, blocks, inputChannels, width, groupWidth, newStem, classes);
    }

    public ResNetSpec withClasses(int newClasses) {
        return new ResNetSpec(block, blocks, inputChannels, width, groupWidth, stem, newClasses);
    }

    /** Length D of the feature vector. */
    public int features() {
        return planes(blocks.size() - 1) * block.expansion();
    }

    /** Planes of stage {@code stage}, from 0. */
    int planes(int stage) {
        return width << stage;
    }

    /** For checkpoints and messages: {@code resnet50(channels 1, width 64, stem imagenet, classes 0)}. */
    public String description() {
        String depth = block == Block.BASIC && blocks.equals(List.of(2, 2, 2, 2)) ? "resnet18"
                : blocks.equals(List.of(3, 4, 6, 3)) ? (block == Block.BASIC ? "resnet34" : "resnet50")
                : "resnet " + block.name().toLowerCase(Locale.ROOT) + " " + blocks;
        return depth + "(channels " + inputChannels + ", width " + width
                + (groupWidth == 64 ? "" : ", group width " + groupWidth)
                + ", stem " + stem.name().toLowerCase(Locale.ROOT) + ", classes " + classes + ")";
    }
}
