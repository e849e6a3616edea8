package dev.osteon.bench.step;

import dev.osteon.engine.EngineException;
import dev.osteon.engine.random.Philox;
import dev.osteon.engine.tensor.DType;
import dev.osteon.engine.tensor.Device;
import dev.osteon.engine.views.Resolution;
import dev.osteon.models.EncoderWithHead;
import dev.osteon.models.ProjectionHead;
import dev.osteon.models.ResNetSpec;
import dev.osteon.nn.Initializer;
import dev.osteon.nn.Larc;
import dev.osteon.nn.TrainingPrecision;
import dev.osteon.ssl.data.Segment;
import dev.osteon.ssl.data.SegmentStore;
import dev.osteon.ssl.loss.MultiCropLoss;
import dev.osteon.ssl.loss.NtXent;
import dev.osteon.ssl.loss.SslMethod;
import dev.osteon.ssl.train.PretextTrainer;
import dev.osteon.ssl.views.MultiCrop;
import dev.osteon.ssl.views.ViewPolicy;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Semaphore;
import java.util.function.DoubleSupplier;
import java.util.stream.IntStream;

/**
 * The paper's pretext training, as {@link PretextTrainer} does it, step by step at somebody's bidding: drawing
 * and cutting the views, a ResNet-50 and its projection head, SimCLR over all pairs of views, LARC.
 */
public final class PretextWork implements AutoCloseable {

    /** Of NT-Xent. */
    public static final double TEMPERATURE = 0.1;

    /** Of LARC. */
    public static final double LEARNING_RATE = 0.1;

    /** Of LARC. */
    public static final double WEIGHT_DECAY = 1e-6;

    /** Dimensions of an embedding. */
    public static final int DIM = 128;

    private static final int FOR_EVER = 1_000_000;

    private final Semaphore bidding = new Semaphore(0);
    private final Semaphore queued = new Semaphore(0);
    private final Thread thread;
    private volatile Optional<Throwable> failure = Optional.empty();
    private volatile boolean over;
    private volatile boolean asked;
    private volatile double lastLoss;
    private DoubleSupplier latest = () -> Double.NaN;

    /** Ends training from within. */
    private static final class Over extends RuntimeException {
        private static final long serialVersionUID = 1L;
    }

    /**
     * What is trained.
     *
     * @param batch     segments of a step
     * @param views     how they are drawn
     * @param width     the ResNet's, 64 in the paper
     * @param segments  of the data set, each at least as high as a global view
     * @param precision of the network
     */
    public record Setting(int batch, ViewPolicy views, int width, int segments, TrainingPrecision precision) {

        /** The data set. */
        public List<Segment> bones() {
            int side = views.crops().global().size();
            return IntStream.range(0, segments).mapToObj(n -> bone(n, side)).toList();
        }
    }

    /** The paper's views with {@code global} pixels on a side of the large ones and {@code local} of the small ones. */
    public static MultiCrop crops(int global, int local) {
        MultiCrop paper = MultiCrop.paper();
        return new MultiCrop(new Resolution(paper.global().count(), global, paper.global().crop()),
                new Resolution(paper.local().count(), local, paper.local().crop()),
                paper.rotationDegrees());
    }

    /** Makes it ready, in a thread of its own; {@link #step} waits for that. */
    public PretextWork(Device device, Setting setting) {
        thread = Thread.ofPlatform().name("pretext").start(() -> train(device, setting));
    }

    private void train(Device device, Setting setting) {
        List<Segment> bones = setting.bones();
        int[] all = IntStream.range(0, bones.size()).toArray();
        ResNetSpec spec = ResNetSpec.resnet50().withInputChannels(1).withWidth(setting.width);
        SslMethod method = new NtXent(TEMPERATURE).overMultiCrop(MultiCropLoss.Reduction.SUM);
        try (SegmentStore store = new SegmentStore(bones, device, IntStream.of(all).boxed().toList());
                EncoderWithHead model = new EncoderWithHead(Initializer.on(device, DType.F32, 1), spec,
                        ProjectionHead.Settings.simclr(spec.features(), spec.features(), DIM));
                Larc larc = Larc.of(model, WEIGHT_DECAY, Larc.Settings.SWAV)) {
            waitForBidding();
            new PretextTrainer(model, method, setting.views, store, Optional.empty(), larc, step -> LEARNING_RATE,
                    new PretextTrainer.Settings(FOR_EVER, setting.batch, 0, 1, setting.precision))
                    .train(all, 0, new Listener());
        } catch (Over end) {
            // closed
        } catch (RuntimeException | Error e) {
            failure = Optional.of(e);
        } finally {
            queued.release();
        }
    }

    /** After each step training waits to be told to go on. */
    private final class Listener implements PretextTrainer.Listener {

        @Override
        public void step(int epoch, int step, int stepsPerEpoch, DoubleSupplier of) {
            latest = of;
            queued.release();
            waitForBidding();
        }

        @Override
        public void epoch(PretextTrainer.Epoch epoch) {
            // its losses have been read: training must not diverge
        }
    }

    private void waitForBidding() {
        bidding.acquireUninterruptibly();
        while (asked) {
            asked = false;
            lastLoss = latest.getAsDouble();
            queued.release();
            bidding.acquireUninterruptibly();
        }
        if (over) {
            throw new Over();
        }
    }

    /** Trains one step: when it returns, its work is queued on the device. */
    public void step() {
        bid();
    }

    private void bid() {
        bidding.release();
        queued.acquireUninterruptibly();
        failure.ifPresent(e -> {
            throw new EngineException("pretext training: " + e.getMessage(), e);
        });
    }

    /** The last step's loss, not a number before the first; waits for the device. */
    public double loss() {
        asked = true;
        bid();
        return lastLoss;
    }

    /** A long bone: an ellipse of noise, of which no two have the same size. */
    private static Segment bone(int number, int side) {
        Philox random = Philox.of(number);
        int height = side + number * 37 % side;
        int width = height / 3;
        float[] pixels = new float[height * width];
        for (int y = 0; y < height; y++) {
            for (int x = 0; x < width; x++) {
                double dy = 2.0 * y / height - 1;
                double dx = 2.0 * x / width - 1;
                pixels[y * width + x] = dx * dx + dy * dy > 1 ? 0 : (float) (0.2 + 0.7 * random.nextDouble());
            }
        }
        return Segment.of(pixels, height, width);
    }

    @Override
    public void close() {
        over = true;
        bidding.release();
        try {
            thread.join();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
