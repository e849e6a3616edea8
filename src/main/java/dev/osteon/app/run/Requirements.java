package dev.osteon.app.run;

import dev.osteon.app.UserError;
import dev.osteon.app.config.RunConfig;
import dev.osteon.models.ResNetFootprint;
import dev.osteon.models.ResNetSpec;
import java.io.IOException;
import java.util.Locale;
import java.util.Optional;

/**
 * What a run will take at its peak, estimated from its configuration before any work is done, in bytes. The segments
 * are not in it: they are in a mapped file, of which the system keeps in memory what there is room for.
 *
 * @param config   the run
 * @param segments number of segments, or a bound on it
 * @param network  weights, their gradients and momentum
 * @param training what a training step keeps for its backward pass
 * @param probing  the largest layers of the encoder on a batch of whole segments
 * @param heap     the features of all segments, and a copy of them, in the Java heap
 * @param disk     a phantom, and two checkpoints, as one is written before the other goes
 */
record Requirements(RunConfig config, long segments, long network, long training, long probing, long heap, long disk) {

    private static final int FLOAT = 4;
    private static final int PROBE_BATCH = 64;
    /** Of each convolution's output size: the output itself, which batch-norm saves, and batch-norm's own result. */
    private static final int KEPT = 2;
    /** Largest outputs alive at once besides: gradients on their way, and an operation's input and result. */
    private static final int PASSING = 3;
    /** Largest outputs alive at once without gradients: those of a residual block, its input and its shortcut. */
    private static final int BLOCK = 6;
    /** Java itself, the configuration, the report. */
    private static final long HEAP_BASE = 64L << 20;
    private static final long DISK_BASE = 50L << 20;
    /** A radiograph of the phantom with all its masks and segments, as PNG files at scale 1. */
    private static final long PHANTOM = 16L << 20;

    static Requirements of(RunConfig config, ResNetSpec backbone, long segments) {
        ResNetFootprint footprint = new ResNetFootprint(backbone);
        RunConfig.Pretrain pretrain = config.pretrain();
        long batch = Math.min(pretrain.microBatch() == 0 ? pretrain.batch()
                : Math.min(pretrain.microBatch(), pretrain.batch()), segments);
        RunConfig.Head head = new Methods(config).head();
        long headWeights = (long) backbone.features() * head.hidden() + (head.layers() - 1L) * head.hidden()
                * Math.max(head.hidden(), head.output());
        long weights = footprint.parameters() + headWeights;
        int size = config.probe().size();
        long probing = Math.min(PROBE_BATCH, segments)
                * (BLOCK * footprint.largestActivation(size) + 2L * size * size);
        RunConfig.Data data = config.data();
        long phantom = data.folder().isEmpty()
                ? (long) (data.subjects() * PHANTOM * data.phantomScale() * data.phantomScale()) : 0;
        return new Requirements(config, segments, 3 * weights * FLOAT, training(config, footprint, batch) * FLOAT,
                probing * FLOAT, HEAP_BASE + 2 * segments * backbone.features() * FLOAT,
                DISK_BASE + phantom + 2 * 2 * weights * FLOAT);
    }

    /** Numbers in what a step on so many samples has at its peak, in float32. */
    private static long training(RunConfig config, ResNetFootprint footprint, long batch) {
        RunConfig.Views views = config.views();
        boolean recomputed = config.memory() == RunConfig.Memory.LOW;
        long images = 0;
        long kept = 0;
        long most = 0;
        long largest = 0;
        for (int[] resolution : new int[][] {{views.globalCount(), views.globalSize()},
            {views.localCount(), views.localSize()}}) {
            long rows = resolution[0] * batch;
            int size = resolution[1];
            images += rows * 2L * size * size;
            largest = Math.max(largest, rows * footprint.largestActivation(size));
            for (ResNetFootprint.Unit unit : footprint.units(size)) {
                long activations = rows * KEPT * unit.activations();
                kept += recomputed ? rows * unit.input() : activations;
                most = Math.max(most, recomputed ? kept + activations : kept);   // with the inputs of all before it
            }
        }
        return images + most + PASSING * largest;
    }

    /** Bytes of tensors at the peak. */
    long tensors() {
        return network + Math.max(training, probing);
    }

    /** One line saying what does not fit and which keys to lower; empty if it all fits. */
    Optional<String> complaint(Memory memory) {
        if (heap > memory.heap()) {
            return Optional.of("memory: the features of " + segments + " segments need about " + gib(heap)
                    + " of Java heap, which may grow to " + gib(memory.heap()) + "; lower " + width() + subjects()
                    + ", or set OSTEON_OPTS=-Xmx" + (Math.ceilDiv(heap, 1L << 30) + 1) + "g if the machine has more");
        }
        if (tensors() + heap <= memory.free()) {
            return Optional.empty();
        }
        return Optional.of("memory: this run needs about " + gib(tensors() + heap) + " (training step " + gib(training)
                + ", whole segments for the probe " + gib(probing) + ", features " + gib(heap) + ", network "
                + gib(network) + "), and " + gib(memory.free()) + " are available; lower " + keys());
    }

    /** @throws UserError with the complaint, if there is one */
    void check(Memory memory) {
        complaint(memory).ifPresent(line -> {
            throw new UserError(line);
        });
    }

    /** @throws UserError when the folder's disk has not enough left */
    void checkDisk(RunFolder folder) throws IOException {
        long free = folder.freeBytes();
        if (disk > free) {
            throw new UserError("--out: this run writes about " + gib(disk) + ", and the disk of " + folder.path()
                    + " has "
                    + gib(free) + " left; free some space or choose another disk");
        }
    }

    /** What to lower, the largest part's keys. */
    private String keys() {
        if (Math.max(training, probing) < heap) {
            return width() + subjects();
        }
        return (training < probing ? "probe.size (now " + config.probe().size() + ")"
                : memory() + microBatch() + ", views.globalSize (now " + config.views().globalSize() + ")")
                + " or " + width();
    }

    private String width() {
        return "encoder.width (now " + config.encoder().width() + ")";
    }

    private String memory() {
        return config.memory() == RunConfig.Memory.LOW ? "" : "memory (now normal; low takes less than half), ";
    }

    /** The loss stays that of the whole batch. */
    private String microBatch() {
        RunConfig.Pretrain pretrain = config.pretrain();
        return pretrain.microBatch() == 0 ? "pretrain.microBatch (now the whole batch, " + pretrain.batch() + ")"
                : "pretrain.microBatch (now " + pretrain.microBatch() + ")";
    }

    private String subjects() {
        return config.data().folder().isEmpty() ? " or data.subjects (now " + config.data().subjects() + ")" : "";
    }

    private static String gib(long bytes) {
        return bytes < 1L << 30 ? String.format(Locale.ROOT, "%d MiB", bytes >> 20)
                : String.format(Locale.ROOT, "%.1f GiB", bytes / (double) (1L << 30));
    }
}
