package dev.osteon.bench.peers.floor;

import static org.bytedeco.dnnl.global.dnnl.dnnl_cpu;
import static org.bytedeco.dnnl.global.dnnl.dnnl_eltwise_relu;
import static org.bytedeco.dnnl.global.dnnl.dnnl_engine_create;
import static org.bytedeco.dnnl.global.dnnl.dnnl_memory_desc_create_with_tag;
import static org.bytedeco.dnnl.global.dnnl.dnnl_post_ops_append_eltwise;
import static org.bytedeco.dnnl.global.dnnl.dnnl_post_ops_create;
import static org.bytedeco.dnnl.global.dnnl.dnnl_primitive_attr_create;
import static org.bytedeco.dnnl.global.dnnl.dnnl_primitive_attr_set_post_ops;
import static org.bytedeco.dnnl.global.dnnl.dnnl_primitive_attr_set_scratchpad_mode;
import static org.bytedeco.dnnl.global.dnnl.dnnl_scratchpad_mode_user;
import static org.bytedeco.dnnl.global.dnnl.dnnl_stream_create;
import static org.bytedeco.dnnl.global.dnnl.dnnl_stream_default_flags;

import java.util.function.ToIntFunction;
import org.bytedeco.dnnl.dnnl_engine;
import org.bytedeco.dnnl.dnnl_memory_desc;
import org.bytedeco.dnnl.dnnl_post_ops;
import org.bytedeco.dnnl.dnnl_primitive_attr;
import org.bytedeco.dnnl.dnnl_stream;
import org.bytedeco.javacpp.Pointer;
import org.bytedeco.javacpp.PointerPointer;

/** One engine, one stream, and how objects of oneDNN's C API are made; numbers are {@code dnnl_types.h}'s. */
final class Dnnl {

    static final int BF16 = 2;
    static final int F32 = 3;
    static final int SRC = 1;
    static final int SRC_1 = 2;
    static final int DST = 17;
    static final int WEIGHTS = 33;
    static final int MEAN = 49;
    static final int VARIANCE = 50;
    static final int SCALE = 51;
    static final int SHIFT = 52;
    static final int WORKSPACE = 64;
    static final int SCRATCHPAD = 80;
    static final int DIFF_SRC = 129;
    static final int DIFF_DST = 145;
    static final int DIFF_WEIGHTS = 161;
    static final int DIFF_SCALE = 255;
    static final int DIFF_SHIFT = 256;
    static final int MULTIPLE_SRC = 1024;
    static final int FORWARD_TRAINING = 64;
    static final int BACKWARD = 128;

    static final dnnl_engine ENGINE = new dnnl_engine(made(out -> dnnl_engine_create(out, dnnl_cpu, 0)));
    static final dnnl_stream STREAM = new dnnl_stream(made(out -> dnnl_stream_create(out, ENGINE,
            dnnl_stream_default_flags)));
    static final dnnl_primitive_attr PLAIN = attributes();
    static final dnnl_primitive_attr THEN_RELU = thenRelu();

    private Dnnl() {}

    static void check(int status) {
        if (status != 0) {
            throw new IllegalStateException("oneDNN answered with status " + status);
        }
    }

    /** What a create function writes. */
    static Pointer made(ToIntFunction<PointerPointer<Pointer>> create) {
        PointerPointer<Pointer> out = new PointerPointer<>(1);
        check(create.applyAsInt(out));
        return out.get(0);
    }

    static dnnl_memory_desc descriptor(int type, int tag, long... dims) {
        return new dnnl_memory_desc(made(out -> dnnl_memory_desc_create_with_tag(out, dims.length, dims, type, tag)));
    }

    /** Scratchpads come from the caller. */
    private static dnnl_primitive_attr attributes() {
        dnnl_primitive_attr attributes = new dnnl_primitive_attr(made(out -> dnnl_primitive_attr_create(out)));
        check(dnnl_primitive_attr_set_scratchpad_mode(attributes, dnnl_scratchpad_mode_user));
        return attributes;
    }

    private static dnnl_primitive_attr thenRelu() {
        dnnl_post_ops then = new dnnl_post_ops(made(out -> dnnl_post_ops_create(out)));
        check(dnnl_post_ops_append_eltwise(then, dnnl_eltwise_relu, 0, 0));
        dnnl_primitive_attr attributes = attributes();
        check(dnnl_primitive_attr_set_post_ops(attributes, then));
        return attributes;
    }
}
