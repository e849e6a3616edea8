package dev.osteon.bench.peers.floor;

import static org.bytedeco.dnnl.global.dnnl.dnnl_ab;
import static org.bytedeco.dnnl.global.dnnl.dnnl_acdb;
import static org.bytedeco.dnnl.global.dnnl.dnnl_batch_normalization_backward_primitive_desc_create;
import static org.bytedeco.dnnl.global.dnnl.dnnl_batch_normalization_forward_primitive_desc_create;
import static org.bytedeco.dnnl.global.dnnl.dnnl_binary_add;
import static org.bytedeco.dnnl.global.dnnl.dnnl_binary_primitive_desc_create;
import static org.bytedeco.dnnl.global.dnnl.dnnl_convolution_backward_data_primitive_desc_create;
import static org.bytedeco.dnnl.global.dnnl.dnnl_convolution_backward_weights_primitive_desc_create;
import static org.bytedeco.dnnl.global.dnnl.dnnl_convolution_direct;
import static org.bytedeco.dnnl.global.dnnl.dnnl_convolution_forward_primitive_desc_create;
import static org.bytedeco.dnnl.global.dnnl.dnnl_eltwise_backward_primitive_desc_create;
import static org.bytedeco.dnnl.global.dnnl.dnnl_eltwise_forward_primitive_desc_create;
import static org.bytedeco.dnnl.global.dnnl.dnnl_eltwise_relu_use_dst_for_bwd;
import static org.bytedeco.dnnl.global.dnnl.dnnl_format_tag_any;
import static org.bytedeco.dnnl.global.dnnl.dnnl_fuse_norm_relu;
import static org.bytedeco.dnnl.global.dnnl.dnnl_inner_product_backward_data_primitive_desc_create;
import static org.bytedeco.dnnl.global.dnnl.dnnl_inner_product_backward_weights_primitive_desc_create;
import static org.bytedeco.dnnl.global.dnnl.dnnl_inner_product_forward_primitive_desc_create;
import static org.bytedeco.dnnl.global.dnnl.dnnl_memory_desc_equal;
import static org.bytedeco.dnnl.global.dnnl.dnnl_pooling_avg_exclude_padding;
import static org.bytedeco.dnnl.global.dnnl.dnnl_pooling_backward_primitive_desc_create;
import static org.bytedeco.dnnl.global.dnnl.dnnl_pooling_forward_primitive_desc_create;
import static org.bytedeco.dnnl.global.dnnl.dnnl_pooling_max;
import static org.bytedeco.dnnl.global.dnnl.dnnl_reorder_primitive_desc_create;
import static org.bytedeco.dnnl.global.dnnl.dnnl_stream_wait;
import static org.bytedeco.dnnl.global.dnnl.dnnl_sum_primitive_desc_create;
import static org.bytedeco.dnnl.global.dnnl.dnnl_use_scale;
import static org.bytedeco.dnnl.global.dnnl.dnnl_use_shift;

import dev.osteon.bench.Work;
import dev.osteon.bench.step.TrainingStepBenchmark;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import org.bytedeco.dnnl.dnnl_memory_desc;
import org.bytedeco.javacpp.PointerPointer;

/**
 * Forward, backward and SGD with momentum of a ResNet-50 as a list of primitives that are made once. Weights are
 * float32 in the layout of their gradient, cast and laid out for each step where the convolutions want them otherwise;
 * gradients are in memory that is used again. The gradient of the scores is given, for there is no loss.
 */
final class ResNetChain implements Work {

    private static final float EPS = 1e-5f;
    private static final float MOMENTUM = 0.9f;
    private static final float STEP = -1e-6f;
    private static final long[] NONE = {0, 0};

    private final int type;
    private final int batch;
    private final List<Primitive> weights = new ArrayList<>();
    private final List<Primitive> forward = new ArrayList<>();
    private final List<Primitive> backward = new ArrayList<>();
    private final List<Primitive> optimizer = new ArrayList<>();
    /** Adds a layer's gradients to {@link #backward}; run from the last layer to the first. */
    private final List<Runnable> gradients = new ArrayList<>();
    private final GradientPool pool = new GradientPool();

    /** An activation, and its gradient once the backward chain has come to it. */
    private static final class Activation {
        private final Memory value;
        private final int channels;
        private final int side;
        private Optional<Memory> gradient = Optional.empty();

        Activation(Memory value, int channels, int side) {
            this.value = value;
            this.channels = channels;
            this.side = side;
        }

        dnnl_memory_desc layout() {
            return value.descriptor();
        }

        Memory upstream() {
            return gradient.orElseThrow();
        }
    }

    ResNetChain(int type, int batch, int side) {
        this.type = type;
        this.batch = batch;
        Activation h = new Activation(Memory.of(Dnnl.descriptor(type, dnnl_acdb, batch, 3, side, side)).normal(type, 1),
                3, side);
        h = pooled(normalised(convolved(h, 64, 7, 2), true), dnnl_pooling_max, 3, 2, 1);
        int[] blocks = {3, 4, 6, 3};
        for (int stage = 0; stage < blocks.length; stage++) {
            for (int i = 0; i < blocks[stage]; i++) {
                h = bottleneck(h, 64 << stage, i == 0 && stage > 0 ? 2 : 1);
            }
        }
        classifier(pooled(h, dnnl_pooling_avg_exclude_padding, h.side, 1, 0));
        Collections.reverse(gradients);
        gradients.forEach(Runnable::run);
        MemorySegment scratchpad = Memory.bytes(all().mapToLong(Primitive::scratchpadBytes).max().orElse(0));
        all().forEach(primitive -> primitive.bind(scratchpad));
    }

    private Stream<Primitive> all() {
        return Stream.of(weights, forward, backward, optimizer).flatMap(List::stream);
    }

    private Activation bottleneck(Activation x, int width, int stride) {
        Activation y = normalised(convolved(normalised(convolved(x, width, 1, 1), true), width, 3, stride), true);
        boolean same = stride == 1 && x.channels == 4 * width;
        Activation shortcut = same ? x : normalised(convolved(x, 4 * width, 1, stride), false);
        return added(normalised(convolved(y, 4 * width, 1, 1), false), shortcut);
    }

    private Activation convolved(Activation x, int out, int kernel, int stride) {
        int padding = kernel / 2;
        int side = (x.side + 2 * padding - kernel) / stride + 1;
        long[] strides = {stride, stride};
        long[] paddings = {padding, padding};
        dnnl_memory_desc w = Dnnl.descriptor(type, dnnl_format_tag_any, out, x.channels, kernel, kernel);
        dnnl_memory_desc dw = Dnnl.descriptor(Dnnl.F32, dnnl_format_tag_any, out, x.channels, kernel, kernel);
        dnnl_memory_desc y = Dnnl.descriptor(type, dnnl_acdb, batch, out, side, side);
        Primitive f = new Primitive(o -> dnnl_convolution_forward_primitive_desc_create(o, Dnnl.ENGINE,
                Dnnl.FORWARD_TRAINING, dnnl_convolution_direct, x.layout(), w, null, y, strides, NONE, paddings,
                paddings, Dnnl.PLAIN));
        Primitive bw = new Primitive(o -> dnnl_convolution_backward_weights_primitive_desc_create(o, Dnnl.ENGINE,
                dnnl_convolution_direct, x.layout(), dw, null, y, strides, NONE, paddings, paddings, f.descriptor(),
                Dnnl.PLAIN));
        Memory master = Memory.of(bw.wants(Dnnl.DIFF_WEIGHTS)).normal(Dnnl.F32,
                Math.sqrt(2.0 / (x.channels * kernel * kernel)));
        Memory gradient = updated(master);
        Activation result = new Activation(Memory.of(y), out, side);
        forward.add(f.with(Dnnl.SRC, x.value).with(Dnnl.WEIGHTS, laidOut(master, f.wants(Dnnl.WEIGHTS)))
                .with(Dnnl.DST, result.value));
        bw.with(Dnnl.SRC, x.value).with(Dnnl.DIFF_WEIGHTS, gradient);
        if (x.channels == 3) {          // nobody asks for the gradient of the images
            gradients.add(() -> {
                backward.add(bw.with(Dnnl.DIFF_DST, result.upstream()));
                pool.giveBack(result.upstream());
            });
            return result;
        }
        Primitive bd = new Primitive(o -> dnnl_convolution_backward_data_primitive_desc_create(o, Dnnl.ENGINE,
                dnnl_convolution_direct, x.layout(), w, y, strides, NONE, paddings, paddings, f.descriptor(),
                Dnnl.PLAIN));
        bd.with(Dnnl.WEIGHTS, laidOut(master, bd.wants(Dnnl.WEIGHTS)));
        gradients.add(() -> {
            backward.add(bw.with(Dnnl.DIFF_DST, result.upstream()));
            Memory dx = pool.take(x.layout());
            backward.add(bd.with(Dnnl.DIFF_DST, result.upstream()).with(Dnnl.DIFF_SRC, dx));
            pool.giveBack(result.upstream());
            accumulate(x, dx);
        });
        return result;
    }

    /** The weights as a primitive wants them: themselves, or a copy that each step makes. */
    private Memory laidOut(Memory master, dnnl_memory_desc wanted) {
        if (dnnl_memory_desc_equal(master.descriptor(), wanted) != 0) {
            return master;
        }
        Memory copy = Memory.of(wanted);
        weights.add(new Primitive(o -> dnnl_reorder_primitive_desc_create(o, master.descriptor(), Dnnl.ENGINE, wanted,
                Dnnl.ENGINE, Dnnl.PLAIN)).with(Dnnl.SRC, master).with(Dnnl.DST, copy));
        return copy;
    }

    /** Has each step update a parameter; gives where its gradient is to be written. */
    private Memory updated(Memory parameter) {
        Memory gradient = Memory.of(parameter.descriptor());
        Memory momentum = Memory.of(parameter.descriptor());
        optimizer.add(weighted(momentum, MOMENTUM, gradient, 1, momentum));
        optimizer.add(weighted(parameter, 1, momentum, STEP, parameter));
        return gradient;
    }

    private static Primitive weighted(Memory a, float factorA, Memory b, float factorB, Memory result) {
        PointerPointer<dnnl_memory_desc> sources = new PointerPointer<>(2);
        sources.put(0, a.descriptor());
        sources.put(1, b.descriptor());
        return new Primitive(o -> dnnl_sum_primitive_desc_create(o, Dnnl.ENGINE, result.descriptor(), 2,
                new float[] {factorA, factorB}, sources, Dnnl.PLAIN)).with(Dnnl.MULTIPLE_SRC, a)
                .with(Dnnl.MULTIPLE_SRC + 1, b).with(Dnnl.DST, result);
    }

    private Activation normalised(Activation x, boolean relu) {
        int flags = dnnl_use_scale | dnnl_use_shift | (relu ? dnnl_fuse_norm_relu : 0);
        Primitive f = new Primitive(o -> dnnl_batch_normalization_forward_primitive_desc_create(o, Dnnl.ENGINE,
                Dnnl.FORWARD_TRAINING, x.layout(), x.layout(), EPS, flags, Dnnl.PLAIN));
        Primitive b = new Primitive(o -> dnnl_batch_normalization_backward_primitive_desc_create(o, Dnnl.ENGINE,
                Dnnl.BACKWARD, x.layout(), x.layout(), x.layout(), EPS, flags, f.descriptor(), Dnnl.PLAIN));
        Memory mean = Memory.of(f.wants(Dnnl.MEAN));
        Memory variance = Memory.of(f.wants(Dnnl.VARIANCE));
        Memory scale = Memory.of(f.wants(Dnnl.SCALE)).constant(1);
        Memory shift = Memory.of(f.wants(Dnnl.SHIFT));
        Activation y = new Activation(Memory.of(x.layout()), x.channels, x.side);
        forward.add(f.with(Dnnl.SRC, x.value).with(Dnnl.DST, y.value).with(Dnnl.MEAN, mean).with(Dnnl.VARIANCE,
                variance).with(Dnnl.SCALE, scale).with(Dnnl.SHIFT, shift));
        b.with(Dnnl.SRC, x.value).with(Dnnl.MEAN, mean).with(Dnnl.VARIANCE, variance).with(Dnnl.SCALE, scale)
                .with(Dnnl.DIFF_SCALE, updated(scale)).with(Dnnl.DIFF_SHIFT, updated(shift));
        if (relu) {
            Memory signs = Memory.of(f.wants(Dnnl.WORKSPACE));
            f.with(Dnnl.WORKSPACE, signs);
            b.with(Dnnl.WORKSPACE, signs);
        }
        gradients.add(() -> {
            Memory dx = pool.take(x.layout());
            backward.add(b.with(Dnnl.DIFF_DST, y.upstream()).with(Dnnl.DIFF_SRC, dx));
            pool.giveBack(y.upstream());
            accumulate(x, dx);
        });
        return y;
    }

    private Activation added(Activation a, Activation b) {
        Activation y = new Activation(Memory.of(a.layout()), a.channels, a.side);
        forward.add(new Primitive(o -> dnnl_binary_primitive_desc_create(o, Dnnl.ENGINE, dnnl_binary_add, a.layout(),
                b.layout(), y.layout(), Dnnl.THEN_RELU)).with(Dnnl.SRC, a.value).with(Dnnl.SRC_1, b.value)
                .with(Dnnl.DST, y.value));
        Primitive f = new Primitive(o -> dnnl_eltwise_forward_primitive_desc_create(o, Dnnl.ENGINE,
                Dnnl.FORWARD_TRAINING, dnnl_eltwise_relu_use_dst_for_bwd, y.layout(), y.layout(), 0, 0, Dnnl.PLAIN));
        Primitive relu = new Primitive(o -> dnnl_eltwise_backward_primitive_desc_create(o, Dnnl.ENGINE,
                dnnl_eltwise_relu_use_dst_for_bwd, y.layout(), y.layout(), y.layout(), 0, 0, f.descriptor(),
                Dnnl.PLAIN));
        gradients.add(() -> {
            Memory dy = y.upstream();
            backward.add(relu.with(Dnnl.DST, y.value).with(Dnnl.DIFF_DST, dy).with(Dnnl.DIFF_SRC, dy));
            pool.share(dy);
            a.gradient = Optional.of(dy);
            b.gradient = Optional.of(dy);
        });
        return y;
    }

    private Activation pooled(Activation x, int algorithm, int kernel, int stride, int padding) {
        int side = (x.side + 2 * padding - kernel) / stride + 1;
        long[] kernels = {kernel, kernel};
        long[] strides = {stride, stride};
        long[] paddings = {padding, padding};
        dnnl_memory_desc y = Dnnl.descriptor(type, dnnl_acdb, batch, x.channels, side, side);
        Primitive f = new Primitive(o -> dnnl_pooling_forward_primitive_desc_create(o, Dnnl.ENGINE,
                Dnnl.FORWARD_TRAINING, algorithm, x.layout(), y, strides, kernels, NONE, paddings, paddings,
                Dnnl.PLAIN));
        Primitive b = new Primitive(o -> dnnl_pooling_backward_primitive_desc_create(o, Dnnl.ENGINE, algorithm,
                x.layout(), y, strides, kernels, NONE, paddings, paddings, f.descriptor(), Dnnl.PLAIN));
        Activation result = new Activation(Memory.of(y), x.channels, side);
        forward.add(f.with(Dnnl.SRC, x.value).with(Dnnl.DST, result.value));
        if (algorithm == dnnl_pooling_max) {
            Memory places = Memory.of(f.wants(Dnnl.WORKSPACE));
            f.with(Dnnl.WORKSPACE, places);
            b.with(Dnnl.WORKSPACE, places);
        }
        gradients.add(() -> {
            Memory dx = pool.take(x.layout());
            backward.add(b.with(Dnnl.DIFF_DST, result.upstream()).with(Dnnl.DIFF_SRC, dx));
            pool.giveBack(result.upstream());
            accumulate(x, dx);
        });
        return result;
    }

    private void classifier(Activation x) {
        int classes = TrainingStepBenchmark.CLASSES;
        dnnl_memory_desc w = Dnnl.descriptor(type, dnnl_format_tag_any, classes, x.channels, 1, 1);
        dnnl_memory_desc dw = Dnnl.descriptor(Dnnl.F32, dnnl_format_tag_any, classes, x.channels, 1, 1);
        dnnl_memory_desc y = Dnnl.descriptor(type, dnnl_ab, batch, classes);
        Primitive f = new Primitive(o -> dnnl_inner_product_forward_primitive_desc_create(o, Dnnl.ENGINE,
                Dnnl.FORWARD_TRAINING, x.layout(), w, null, y, Dnnl.PLAIN));
        Primitive bw = new Primitive(o -> dnnl_inner_product_backward_weights_primitive_desc_create(o, Dnnl.ENGINE,
                x.layout(), dw, null, y, f.descriptor(), Dnnl.PLAIN));
        Primitive bd = new Primitive(o -> dnnl_inner_product_backward_data_primitive_desc_create(o, Dnnl.ENGINE,
                x.layout(), w, y, f.descriptor(), Dnnl.PLAIN));
        Memory master = Memory.of(bw.wants(Dnnl.DIFF_WEIGHTS)).normal(Dnnl.F32, 0.01);
        Memory scores = Memory.of(y).normal(type, 1e-3);
        forward.add(f.with(Dnnl.SRC, x.value).with(Dnnl.WEIGHTS, laidOut(master, f.wants(Dnnl.WEIGHTS)))
                .with(Dnnl.DST, Memory.of(y)));
        bw.with(Dnnl.SRC, x.value).with(Dnnl.DIFF_DST, scores).with(Dnnl.DIFF_WEIGHTS, updated(master));
        bd.with(Dnnl.DIFF_DST, scores).with(Dnnl.WEIGHTS, laidOut(master, bd.wants(Dnnl.WEIGHTS)));
        gradients.add(() -> {
            Memory dx = pool.take(x.layout());
            backward.add(bw);
            backward.add(bd.with(Dnnl.DIFF_SRC, dx));
            accumulate(x, dx);
        });
    }

    /** The gradient of an activation, or one more part of it. */
    private void accumulate(Activation x, Memory dx) {
        if (x.gradient.isPresent()) {
            Memory before = x.upstream();
            backward.add(new Primitive(o -> dnnl_binary_primitive_desc_create(o, Dnnl.ENGINE, dnnl_binary_add,
                    x.layout(), x.layout(), x.layout(), Dnnl.PLAIN)).with(Dnnl.SRC, before).with(Dnnl.SRC_1, dx)
                    .with(Dnnl.DST, dx));
            pool.giveBack(before);
        }
        x.gradient = Optional.of(dx);
    }

    @Override
    public void run() {
        weights.forEach(Primitive::run);
        forward.forEach(Primitive::run);
        backward.forEach(Primitive::run);
        optimizer.forEach(Primitive::run);
        Dnnl.check(dnnl_stream_wait(Dnnl.STREAM));
    }

    @Override
    public void close() {
        // its memory is the process's, which ends with it
    }
}
