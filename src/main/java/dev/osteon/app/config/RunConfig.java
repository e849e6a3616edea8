package dev.osteon.app.config;

import dev.osteon.app.data.Task;
import dev.osteon.engine.op.LarcStep;
import dev.osteon.models.Activations;
import dev.osteon.models.Stem;
import dev.osteon.ssl.loss.MultiCropLoss;
import dev.osteon.ssl.loss.NtXent;
import dev.osteon.ssl.train.ClassWeights;

/**
 * All that a run depends on; presets are YAML files of this shape.
 *
 * @param preset  the preset it started from
 * @param seed    of everything random
 * @param device  auto, cpu, reference or cuda
 * @param threads compute threads; 0 for all that the process may use
 * @param precision of training
 * @param memory  what training does with the encoder's activations
 * @param method  of pretext training; of the sections named after methods, only this one's counts
 */
public record RunConfig(String preset, long seed, String device, int threads, Precision precision, Memory memory,
        Method method, Data data, Views views, Encoder encoder, Head head, Pretrain pretrain, SimClr simclr,
        SupCon supcon, Swav swav, VicReg vicreg, Probe probe, Evaluation evaluation) {

    /** What activations are stored in while the encoder is trained; AUTO is what the device is made for. */
    public enum Precision { AUTO, FLOAT32, BF16, FP16 }

    /** How much memory activations may take between the forward and the backward pass; results are the same. */
    public enum Memory {
        /** They are kept. */
        NORMAL(Activations.KEPT),
        /** Most are computed again. */
        LOW(Activations.RECOMPUTED);

        private final Activations activations;

        Memory(Activations activations) {
            this.activations = activations;
        }

        /** What becomes of them. */
        public Activations activations() {
            return activations;
        }

        /** For people. */
        public String description() {
            return this == NORMAL ? "activations kept (memory: normal)"
                    : "activations computed again in the backward pass (memory: low)";
        }
    }

    /**
     * How the encoder is trained: a self-supervised method, of which SupCon also learns from the labels of the training
     * samples, or from these labels alone, end to end.
     */
    public enum Method {
        SIMCLR, SUPCON, SWAV, VICREG, SUPERVISED;

        /** As in a configuration: lower case. */
        public String label() {
            return name().toLowerCase(java.util.Locale.ROOT);
        }
    }

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

    /** The projection head: hidden layers' width, embedding size, linear layers; 0 for the published one's. */
    public record Head(int hidden, int output, int layers) {}

    /**
     * Self-supervised training.
     *
     * @param temperature of the softmax in SimCLR, SupCon and SwAV
     * @param microBatch  samples of the batch that are in memory at a time; 0 for all
     * @param reduction   of the terms over pairs of views: the paper's sum, or their mean as in SwAV's code
     */
    public record Pretrain(double temperature, MultiCropLoss.Reduction reduction, int epochs, int batch,
            int microBatch, double learningRate, double finalLearningRate, int warmupEpochs, double momentum,
            double weightDecay, double trust, LarcStep.Mode larc) {}

    /** SimCLR's convention: the mean over all anchors, or the official code's sum over both views, twice that. */
    public record SimClr(NtXent.Anchors anchors) {}

    /** SupCon's conventions: the factor temperature / baseTemperature, and whose rows are anchors. */
    public record SupCon(double baseTemperature, dev.osteon.ssl.loss.SupCon.Anchors anchors) {}

    /**
     * SwAV.
     *
     * @param prototypes     0 for as many as suit the number of samples
     * @param epsilon        of Sinkhorn's normalisations, and their number, {@code iterations}
     * @param freezeSteps    steps before the prototypes are trained; -1 for the first epoch, or a tenth of training
     * @param queueRows      embeddings remembered for each global view; 0 for no queue
     * @param queueFromEpoch first epoch, from 0, of the queue
     */
    public record Swav(int prototypes, double epsilon, int iterations, int freezeSteps, int queueRows,
            int queueFromEpoch) {}

    /** VICReg's weights, and whether the variance terms of two views are averaged, as officially, or added. */
    public record VicReg(double invariance, double variance, double covariance,
            dev.osteon.ssl.loss.VicReg.Branches branches) {}

    /**
     * The linear layer on the frozen encoder.
     *
     * @param size   side in pixels of the square that a whole segment is resized to for the encoder
     * @param solver how it is trained; batch, learning rate and weight decay are for SGD only
     * @param epochs of SGD, or the most steps of L-BFGS for each penalty
     * @param classWeights of this layer's loss, and of the supervised baseline's
     */
    public record Probe(int size, Solver solver, int epochs, int batch, double learningRate, double weightDecay,
            ClassWeights classWeights) {

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
