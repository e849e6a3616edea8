package dev.osteon.ssl.data;

import dev.osteon.engine.EngineException;
import dev.osteon.engine.dispatch.Dispatcher;
import dev.osteon.engine.dispatch.Span;
import dev.osteon.engine.memory.TensorScope;
import dev.osteon.engine.op.AffineCropResize;
import dev.osteon.engine.op.Ops;
import dev.osteon.engine.op.Window;
import dev.osteon.engine.random.Philox;
import dev.osteon.engine.tensor.DType;
import dev.osteon.engine.tensor.Device;
import dev.osteon.engine.tensor.Shape;
import dev.osteon.engine.tensor.Tensor;
import dev.osteon.engine.tensor.TensorSpec;
import dev.osteon.ssl.views.AffineMatrix;
import dev.osteon.ssl.views.Crop;
import dev.osteon.ssl.views.MultiCrop;
import dev.osteon.ssl.views.View;
import dev.osteon.ssl.views.ViewPolicy;
import dev.osteon.ssl.views.ViewStatistics;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;

/**
 * All segments of a data set on one device, each at the top left of a square canvas of zeros, so that the views of a
 * whole batch are one {@link AffineCropResize} for each resolution. Canvases have 16-bit grey levels; those of a file
 * are not copied on a device that computes in the host's memory. Views are standardised by the mean and standard
 * deviation of the training segments' non-zero pixels, with the background at 0 before.
 */
public final class SegmentStore implements AutoCloseable {

    private final List<SegmentSummary> segments;
    private final Tensor pixels;   // [N, 1, S, S] u16, in the host's memory
    private final Tensor images;   // the same on the device: the very tensor where that is the host
    private final double mean;
    private final double deviation;

    /**
     * What grey levels are standardised by.
     *
     * @param mean      of the bone's pixels, in [0, 1]
     * @param deviation their standard deviation, above 0
     */
    public record Levels(double mean, double deviation) {

        /** Of the pixels, other than 0, of some segments. */
        public static Levels of(List<SegmentSummary> segments) {
            double sum = 0;
            double squares = 0;
            long count = 0;
            for (SegmentSummary segment : segments) {
                sum += (double) segment.sum() / Segment.WHITE;
                squares += (double) segment.squares() / Segment.WHITE / Segment.WHITE;
                count += segment.bone();
            }
            double average = count == 0 ? 0 : sum / count;
            double variance = count == 0 ? 1 : squares / count - average * average;
            return new Levels(average, Math.sqrt(Math.max(variance, 1e-8)));
        }
    }

    /**
     * Views of one size before they are cut, on the device.
     *
     * @param maps    from a view's pixels to its segment's [rows, 2, 3]
     * @param numbers of the segments [rows]
     */
    public record Cuts(int size, Tensor maps, Tensor numbers) {}

    /**
     * Segments that are at hand.
     *
     * @param standardiseBy numbers of the segments whose pixels give mean and standard deviation: the training ones
     */
    public SegmentStore(List<Segment> given, Device device, List<Integer> standardiseBy) {
        this(given.stream().map(SegmentSummary::of).toList(), drawn(given, host(device)), device, standardiseBy);
    }

    /**
     * The segments of a file, which stays mapped until this is closed.
     *
     * @param standardiseBy numbers of the segments whose pixels give mean and standard deviation: the training ones
     * @throws IOException when it cannot be mapped
     */
    public SegmentStore(SegmentFile file, Device device, List<Integer> standardiseBy) throws IOException {
        this(file.segments(), mapped(file, host(device)), device, standardiseBy);
    }

    /** Segments of a file for an encoder that was trained on others, with those others' grey levels. */
    public SegmentStore(SegmentFile file, Device device, Levels levels) throws IOException {
        this(file.segments(), mapped(file, host(device)), device, levels);
    }

    private SegmentStore(List<SegmentSummary> segments, Tensor pixels, Device device, List<Integer> standardiseBy) {
        this(segments, pixels, device, Levels.of(standardiseBy.stream().map(segments::get).toList()));
    }

    private SegmentStore(List<SegmentSummary> segments, Tensor pixels, Device device, Levels levels) {
        this.segments = segments;
        this.pixels = pixels;
        mean = levels.mean;
        deviation = levels.deviation;
        try (TensorScope scope = TensorScope.open()) {
            images = device.isHost() ? pixels
                    : scope.release(Tensor.copyOf(device, pixels.spec(), pixels.segment()));   // part by part
        } catch (RuntimeException | Error e) {
            pixels.close();
            throw e;
        }
    }

    private static Device host(Device device) {
        return device.isHost() ? device : Device.REFERENCE;
    }

    private static Tensor mapped(SegmentFile file, Device host) throws IOException {
        try (TensorScope scope = TensorScope.open()) {
            return scope.release(file.images(host));
        }
    }

    private static Tensor drawn(List<Segment> given, Device host) {
        if (given.isEmpty()) {
            throw new EngineException("segments: given none; expected at least one");
        }
        int side = given.stream().mapToInt(s -> Math.max(s.height(), s.width())).max().orElse(1);
        try (TensorScope scope = TensorScope.open()) {
            Tensor canvases = Tensor.empty(host, TensorSpec.of(Shape.of(given.size(), 1, side, side), DType.U16),
                    "segments");
            MemorySegment memory = canvases.segment().fill((byte) 0);
            for (int n = 0; n < given.size(); n++) {
                given.get(n).drawOn(memory, (long) n * side * side, side);
            }
            return scope.release(canvases);
        }
    }

    public int size() {
        return segments.size();
    }

    /** One of them, copied. */
    public Segment segment(int n) {
        int side = pixels.dim(2);
        SegmentSummary s = segments.get(n);
        return Segment.from(pixels.segment(), (long) n * side * side, side, s.height(), s.width());
    }

    public Levels levels() {
        return new Levels(mean, deviation);
    }

    public Device device() {
        return images.device();
    }

    /**
     * Freshly drawn views of a batch, one group for each resolution that has any; row v·B + b of a group is view v of
     * sample b.
     *
     * @param random this epoch's stream; each sample forks its own, so that views do not depend on the batching
     */
    public List<Cuts> draw(int[] samples, ViewPolicy policy, Philox random, ViewStatistics statistics) {
        try (Span phase = Span.open(Span.Kind.PHASE, "views")) {
            List<List<View>> drawn = IntStream.of(samples).parallel()
                    .mapToObj(n -> policy.draw(segment(n).geometry(), random.fork(n), statistics)).toList();
            List<Cuts> groups = new ArrayList<>();
            int first = 0;
            for (MultiCrop.Resolution resolution : List.of(policy.crops().global(), policy.crops().local())) {
                if (resolution.count() > 0) {
                    groups.add(group(samples, drawn, first, resolution));
                    first += resolution.count();
                }
            }
            return groups;
        }
    }

    /** Views [rows, 1, size, size] as they were drawn. */
    public Tensor cut(Cuts cuts) {
        try (Span phase = Span.open(Span.Kind.PHASE, "views"); TensorScope scope = TensorScope.open()) {
            Tensor views = Dispatcher.run(new AffineCropResize(new Window(cuts.size, cuts.size),
                    AffineCropResize.Filter.TRIANGLE, AffineCropResize.Border.ZERO), images, cuts.maps, cuts.numbers);
            return scope.keep(Ops.affine(views, 1 / (Segment.WHITE * deviation), -mean / deviation));
        }
    }

    private Cuts group(int[] samples, List<List<View>> drawn, int first, MultiCrop.Resolution resolution) {
        int rows = resolution.count() * samples.length;
        AffineMatrix[] matrices = new AffineMatrix[rows];
        int[] numbers = new int[rows];
        for (int v = 0; v < resolution.count(); v++) {
            for (int b = 0; b < samples.length; b++) {
                matrices[v * samples.length + b] = drawn.get(b).get(first + v).matrix();
                numbers[v * samples.length + b] = samples[b];
            }
        }
        return cuts(matrices, numbers, resolution.size());
    }

    /** Each segment as a whole, resized to a square: what a frozen encoder sees. [B, 1, size, size]. */
    public Tensor whole(int[] samples, int size) {
        AffineMatrix[] matrices = IntStream.of(samples).mapToObj(segments::get)
                .map(s -> AffineMatrix.resize(new Crop(0, 0, s.height(), s.width()), size))
                        .toArray(AffineMatrix[]::new);
        return sample(matrices, samples, size);
    }

    private Tensor sample(AffineMatrix[] matrices, int[] numbers, int size) {
        try (TensorScope scope = TensorScope.open()) {
            return scope.keep(cut(cuts(matrices, numbers, size)));
        }
    }

    private Cuts cuts(AffineMatrix[] matrices, int[] numbers, int size) {
        double[] values = new double[matrices.length * 6];
        for (int i = 0; i < matrices.length; i++) {
            AffineMatrix m = matrices[i];
            System.arraycopy(new double[] {m.a(), m.b(), m.c(), m.d(), m.e(), m.f()}, 0, values, i * 6, 6);
        }
        return new Cuts(size, Tensor.of(images.device(), Shape.of(matrices.length, 2, 3), DType.F32, values),
                Tensor.of(images.device(), Shape.of(numbers.length), numbers));
    }

    /** The pixels of one view as they are, in [0, 1]: for people. */
    public float[] picture(int segment, View view) {
        try (TensorScope scope = TensorScope.open()) {
            Tensor standardised = sample(new AffineMatrix[] {view.matrix()}, new int[] {segment}, view.size());
            return Ops.clamp(Ops.affine(standardised, deviation, mean), 0, 1).toFloats();
        }
    }

    @Override
    public void close() {
        images.close();
        pixels.close();
    }
}
