package dev.osteon.app.config;

import dev.osteon.app.data.Task;
import dev.osteon.engine.op.LarcStep;
import dev.osteon.models.Stem;
import dev.osteon.ssl.loss.MultiCropLoss;

/**
 * All that a run depends on; presets are YAML files of this shape.
 *
 * @param preset  the preset it started from
 * @param seed    of everything random
 * @param device  auto, cpu, reference or cuda
 * @param threads compute threads; 0 for all that the process may use
 */
public record RunConfig(String preset, long seed, String device, int threads, Data data, Views views, Encoder encoder,
        Head head, Pretrain pretrain, Probe probe, Evaluation evaluation) {

    /**
     * Where segments come from.
     *
     * @param folder       pictures and labels.csv; empty for a generated phantom
     * @param split        what stays together when samples are divided 8:1:1
     * @param longestSide  segments are reduced to this many pixels
     * @param subjects     of the phantom
     * @param phantomScale of the phantom's radiographs, 1 being 2515 × 3588 pixels
     */
    public record Data(String folder, Task task, SplitBy split, int longestSide, int subjects, double phantomScale) {

        /** What is never divided between training, validation and test. */
        public enum SplitBy { SUBJECT, SEGMENT }
    }

    /** Multi-crop: counts, sizes in pixels, shares of the segment's area, and the extension's rejection sampling. */
    public record Views(int globalCount, int globalSize, double globalMinScale, double globalMaxScale, int localCount,
            int localSize, double localMinScale, double localMaxScale, double rotationDegrees, Sampling sampling,
            double minShare, int maxTries) {

        /** Whether views with too few non-zero pixels are drawn again. */
        public enum Sampling { PLAIN, EXTENDED }
    }

    /** A ResNet: resnet18, resnet34 or resnet50, its base width in channels and its stem. */
    public record Encoder(String architecture, int width, Stem stem) {}

    /** The projection head: hidden layers' width, embedding size, number of linear layers. */
    public record Head(int hidden, int output, int layers) {}

    /** Self-supervised training. */
    public record Pretrain(double temperature, MultiCropLoss.Reduction reduction, int epochs, int batch,
            double learningRate, double finalLearningRate, int warmupEpochs, double momentum, double weightDecay,
            double trust, LarcStep.Mode larc) {}

    /**
     * The linear layer on the frozen encoder.
     *
     * @param size   side in pixels of the square that a whole segment is resized to for the encoder
     * @param solver how it is trained; batch, learning rate and weight decay are for SGD only
     * @param epochs of SGD, or the most steps of L-BFGS for each penalty
     */
    public record Probe(int size, Solver solver, int epochs, int batch, double learningRate, double weightDecay) {

        /** How the linear layer is trained. */
        public enum Solver {
            /** To the optimum, for several penalties. */
            LBFGS,
            /** As SwAV's eval_linear. */
            SGD
        }
    }

    /** How results are reported. */
    public record Evaluation(int resamples, Threshold threshold) {

        /** Where the decision threshold comes from. */
        public enum Threshold {
            /** The one with the best F1 on the validation samples. */
            VALIDATION,
            /** One half, as in the paper. */
            HALF
        }
    }
}
