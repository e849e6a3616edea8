package dev.osteon.engine.backend.onednn;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_FLOAT;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import dev.osteon.engine.EngineException;
import dev.osteon.engine.backend.LowPrecision;
import dev.osteon.engine.backend.onednn.vector.Parallel;
import dev.osteon.engine.op.Epilogue;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.Map;

/**
 * oneDNN's C API (version 3) through the Foreign Function API: one engine, one stream, and the calls that the backend
 * makes. Names and numbers follow {@code dnnl_types.h}. All calls are serialised by whoever holds {@link #LOCK}.
 */
@SuppressWarnings("restricted")   // calling native code is what this is for
final class Dnnl {

    static final Object LOCK = new Object();

    /** Element types. */
    static final int BF16 = 2;
    static final int F32 = 3;

    /** Execution arguments. */
    static final int SRC = 1;
    static final int DST = 17;
    static final int WEIGHTS = 33;
    static final int BIAS = 41;
    static final int SCRATCHPAD = 80;
    static final int DIFF_SRC = 129;
    static final int DIFF_DST = 145;
    static final int DIFF_WEIGHTS = 161;

    private static final int FORWARD_TRAINING = 64;
    /** The bits of an instruction set that has AMX in bfloat16. */
    private static final int AMX = 0xe00;
    /** The least instruction set with bfloat16 in AVX-512. */
    private static final int AVX512_BF16 = 0xe7;
    private static final int CONVOLUTION_DIRECT = 1;
    private static final int ELTWISE_RELU = 0x20;
    private static final int ELTWISE_GELU_ERF = 0x31;
    private static final int TAG_ANY = 1;
    private static final int QUERY_EXEC_ARG_MD = 255;
    private static final int SCRATCHPAD_BY_USER = 1;
    private static final int CPU = 1;
    private static final int IN_ORDER = 1;
    private static final String[] STATUS = {"success", "out of memory", "invalid arguments", "unimplemented",
            "last implementation reached", "runtime error", "not required", "invalid graph"};

    private static final DnnlLibrary LIBRARY = DnnlLibrary.load();
    private static final Linker LINKER = Linker.nativeLinker();
    static final OpenMp OPEN_MP = OpenMp.join(LIBRARY.lookup());

    private static final MethodHandle ENGINE_CREATE = handle("dnnl_engine_create", ADDRESS, JAVA_INT, JAVA_LONG);
    private static final MethodHandle STREAM_CREATE = handle("dnnl_stream_create", ADDRESS, ADDRESS, JAVA_INT);
    private static final MethodHandle STREAM_WAIT = handle("dnnl_stream_wait", ADDRESS);
    private static final MethodHandle MD_STRIDES =
            handle("dnnl_memory_desc_create_with_strides", ADDRESS, JAVA_INT, ADDRESS, JAVA_INT, ADDRESS);
    private static final MethodHandle MD_TAG =
            handle("dnnl_memory_desc_create_with_tag", ADDRESS, JAVA_INT, ADDRESS, JAVA_INT, JAVA_INT);
    private static final MethodHandle MD_EQUAL = handle("dnnl_memory_desc_equal", ADDRESS, ADDRESS);
    private static final MethodHandle MD_SIZE = LINKER.downcallHandle(symbol("dnnl_memory_desc_get_size"),
            FunctionDescriptor.of(JAVA_LONG, ADDRESS));
    private static final MethodHandle MEMORY_CREATE = handle("dnnl_memory_create", ADDRESS, ADDRESS, ADDRESS, ADDRESS);
    private static final MethodHandle MEMORY_SET = LINKER.downcallHandle(symbol("dnnl_memory_set_data_handle"),
            FunctionDescriptor.of(JAVA_INT, ADDRESS, ADDRESS), Linker.Option.critical(false));
    private static final MethodHandle ATTR_CREATE = handle("dnnl_primitive_attr_create", ADDRESS);
    private static final MethodHandle ATTR_SCRATCHPAD =
            handle("dnnl_primitive_attr_set_scratchpad_mode", ADDRESS, JAVA_INT);
    private static final MethodHandle POST_OPS_CREATE = handle("dnnl_post_ops_create", ADDRESS);
    private static final MethodHandle POST_OPS_ELTWISE =
            handle("dnnl_post_ops_append_eltwise", ADDRESS, JAVA_INT, JAVA_FLOAT, JAVA_FLOAT);
    private static final MethodHandle POST_OPS_SUM =
            handle("dnnl_post_ops_append_sum", ADDRESS, JAVA_FLOAT, JAVA_INT, JAVA_INT);
    private static final MethodHandle ATTR_POST_OPS =
            handle("dnnl_primitive_attr_set_post_ops", ADDRESS, ADDRESS);
    private static final MethodHandle CONV_FORWARD = handle("dnnl_convolution_forward_primitive_desc_create", ADDRESS,
            ADDRESS, JAVA_INT, JAVA_INT, ADDRESS, ADDRESS, ADDRESS, ADDRESS, ADDRESS, ADDRESS, ADDRESS, ADDRESS,
                    ADDRESS);
    private static final MethodHandle CONV_DATA = handle("dnnl_convolution_backward_data_primitive_desc_create",
            ADDRESS,
            ADDRESS, JAVA_INT, ADDRESS, ADDRESS, ADDRESS, ADDRESS, ADDRESS, ADDRESS, ADDRESS, ADDRESS, ADDRESS);
    private static final MethodHandle CONV_WEIGHTS = handle("dnnl_convolution_backward_weights_primitive_desc_create",
            ADDRESS, ADDRESS, JAVA_INT, ADDRESS, ADDRESS, ADDRESS, ADDRESS, ADDRESS, ADDRESS, ADDRESS, ADDRESS, ADDRESS,
            ADDRESS);
    private static final MethodHandle MATMUL = handle("dnnl_matmul_primitive_desc_create", ADDRESS, ADDRESS, ADDRESS,
            ADDRESS, ADDRESS, ADDRESS, ADDRESS);
    private static final MethodHandle REORDER = handle("dnnl_reorder_primitive_desc_create", ADDRESS, ADDRESS, ADDRESS,
            ADDRESS, ADDRESS, ADDRESS);
    private static final MethodHandle PRIMITIVE_CREATE = handle("dnnl_primitive_create", ADDRESS, ADDRESS);
    private static final MethodHandle EXECUTE = handle("dnnl_primitive_execute", ADDRESS, ADDRESS, JAVA_INT, ADDRESS);
    private static final MethodHandle QUERY_MD = LINKER.downcallHandle(symbol("dnnl_primitive_desc_query_md"),
            FunctionDescriptor.of(ADDRESS, ADDRESS, JAVA_INT, JAVA_INT));
    private static final MethodHandle ISA =
            LINKER.downcallHandle(symbol("dnnl_get_effective_cpu_isa"), FunctionDescriptor.of(JAVA_INT));
    private static final MethodHandle VERSION =
            LINKER.downcallHandle(symbol("dnnl_version"), FunctionDescriptor.of(ADDRESS));

    private static final MemorySegment OUT = Arena.global().allocate(ADDRESS);
    private static final MemorySegment ENGINE = created("engine", () -> (int) ENGINE_CREATE.invokeExact(OUT, CPU, 0L));
    private static final MemorySegment STREAM =
            created("stream", () -> (int) STREAM_CREATE.invokeExact(OUT, ENGINE, IN_ORDER));
    private static final MemorySegment ATTRIBUTES = attributes();
    private static final Map<Epilogue, MemorySegment> WITH_EPILOGUE = withEpilogue();
    private static final MemorySegment ADDED = attributes(
            operations -> (int) POST_OPS_SUM.invokeExact(operations, 1f, 0, 0));

    private Dnnl() {}

    private static MemorySegment symbol(String name) {
        return LIBRARY.lookup().find(name).orElseThrow(() -> new EngineException("oneDNN at " + LIBRARY.path()
                + " has no function " + name + "; expected version 3"));
    }

    private static MethodHandle handle(String name, MemoryLayout... arguments) {
        return LINKER.downcallHandle(symbol(name), FunctionDescriptor.of(JAVA_INT, arguments));
    }

    private interface Call {
        int status() throws Throwable;
    }

    private static void check(String what, Call call) {
        int status;
        try {
            status = call.status();
        } catch (Throwable t) {
            throw new IllegalStateException("oneDNN call failed: " + what, t);
        }
        if (status != 0) {
            String text = status > 0 && status < STATUS.length ? STATUS[status] : "status " + status;
            throw new EngineException("oneDNN " + what + ": " + text);
        }
    }

    /** The object that a create function wrote to {@code OUT}. */
    private static MemorySegment created(String what, Call call) {
        check(what, call);
        return OUT.get(ADDRESS, 0);
    }

    private static MemorySegment attributes() {
        MemorySegment attributes = created("attributes", () -> (int) ATTR_CREATE.invokeExact(OUT));
        check("scratchpad mode", () -> (int) ATTR_SCRATCHPAD.invokeExact(attributes, SCRATCHPAD_BY_USER));
        return attributes;
    }

    private interface PostOperation {
        int append(MemorySegment operations) throws Throwable;
    }

    private static MemorySegment attributes(PostOperation operation) {
        MemorySegment then = created("post-operations", () -> (int) POST_OPS_CREATE.invokeExact(OUT));
        check("post-operation", () -> operation.append(then));
        MemorySegment attributes = attributes();
        check("post-operations", () -> (int) ATTR_POST_OPS.invokeExact(attributes, then));
        return attributes;
    }

    private static Map<Epilogue, MemorySegment> withEpilogue() {
        Map<Epilogue, MemorySegment> all = new EnumMap<>(Epilogue.class);
        all.put(Epilogue.NONE, ATTRIBUTES);
        Map.of(Epilogue.RELU, ELTWISE_RELU, Epilogue.GELU, ELTWISE_GELU_ERF).forEach((epilogue, algorithm) -> {
            int function = algorithm;
            all.put(epilogue, attributes(then -> (int) POST_OPS_ELTWISE.invokeExact(then, function, 0f, 0f)));
        });
        return all;
    }

    /** A memory descriptor with strides in elements. */
    static MemorySegment descriptor(int type, long[] dims, long[] strides) {
        MemorySegment d = Arena.global().allocateFrom(JAVA_LONG, dims);
        MemorySegment s = Arena.global().allocateFrom(JAVA_LONG, strides);
        return created("memory descriptor " + Arrays.toString(dims),
                () -> (int) MD_STRIDES.invokeExact(OUT, dims.length, d, type, s));
    }

    /** A memory descriptor whose layout the primitive chooses. */
    static MemorySegment anyLayout(int type, long[] dims) {
        MemorySegment d = Arena.global().allocateFrom(JAVA_LONG, dims);
        return created("memory descriptor " + Arrays.toString(dims),
                () -> (int) MD_TAG.invokeExact(OUT, dims.length, d, type, TAG_ANY));
    }

    static boolean equal(MemorySegment a, MemorySegment b) {
        try {
            return (int) MD_EQUAL.invokeExact(a, b) != 0;
        } catch (Throwable t) {
            throw new IllegalStateException("dnnl_memory_desc_equal", t);
        }
    }

    static long size(MemorySegment descriptor) {
        try {
            return (long) MD_SIZE.invokeExact(descriptor);
        } catch (Throwable t) {
            throw new IllegalStateException("dnnl_memory_desc_get_size", t);
        }
    }

    /** The layout that a primitive wants for an execution argument. */
    static MemorySegment wanted(MemorySegment primitiveDescriptor, int argument) {
        try {
            return (MemorySegment) QUERY_MD.invokeExact(primitiveDescriptor, QUERY_EXEC_ARG_MD, argument);
        } catch (Throwable t) {
            throw new IllegalStateException("dnnl_primitive_desc_query_md", t);
        }
    }

    static MemorySegment memory(MemorySegment descriptor) {
        return created("memory", () -> (int) MEMORY_CREATE.invokeExact(OUT, descriptor, ENGINE, MemorySegment.NULL));
    }

    static void point(MemorySegment memory, MemorySegment data) {
        int status;
        try {
            status = (int) MEMORY_SET.invokeExact(memory, data);
        } catch (Throwable t) {
            throw new IllegalStateException("dnnl_memory_set_data_handle", t);
        }
        if (status != 0) {
            throw new EngineException("oneDNN set data handle: " + STATUS[status]);
        }
    }

    /** Geometry of a convolution in oneDNN's terms (dilation 0 is dense), as native arrays. */
    record Geometry(MemorySegment strides, MemorySegment dilations, MemorySegment padding) {

        static Geometry of(long[] strides, long[] dilations, long[] padding) {
            Arena arena = Arena.global();
            return new Geometry(arena.allocateFrom(JAVA_LONG, strides), arena.allocateFrom(JAVA_LONG, dilations),
                    arena.allocateFrom(JAVA_LONG, padding));
        }
    }

    static MemorySegment convolutionForward(MemorySegment x, MemorySegment w, MemorySegment bias, MemorySegment y,
            Geometry g, Epilogue epilogue) {
        return convolution(x, w, bias, y, g, WITH_EPILOGUE.get(epilogue));
    }

    /** A convolution that is added to what the result holds. */
    static MemorySegment convolutionAdded(MemorySegment x, MemorySegment w, MemorySegment y, Geometry g) {
        return convolution(x, w, MemorySegment.NULL, y, g, ADDED);
    }

    private static MemorySegment convolution(MemorySegment x, MemorySegment w, MemorySegment bias, MemorySegment y,
            Geometry g, MemorySegment attributes) {
        return created("convolution forward", () -> (int) CONV_FORWARD.invokeExact(OUT, ENGINE, FORWARD_TRAINING,
                CONVOLUTION_DIRECT, x, w, bias, y, g.strides, g.dilations, g.padding, g.padding, attributes));
    }

    static MemorySegment convolutionBackwardData(MemorySegment dx, MemorySegment w, MemorySegment dy, Geometry g,
            MemorySegment forward) {
        return created("convolution backward data", () -> (int) CONV_DATA.invokeExact(OUT, ENGINE, CONVOLUTION_DIRECT,
                dx, w, dy, g.strides, g.dilations, g.padding, g.padding, forward, ATTRIBUTES));
    }

    static MemorySegment convolutionBackwardWeights(MemorySegment x, MemorySegment dw, MemorySegment dy, Geometry g,
            MemorySegment forward) {
        return created("convolution backward weights", () -> (int) CONV_WEIGHTS.invokeExact(OUT, ENGINE,
                CONVOLUTION_DIRECT, x, dw, MemorySegment.NULL, dy, g.strides, g.dilations, g.padding, g.padding,
                        forward,
                ATTRIBUTES));
    }

    static MemorySegment matmul(MemorySegment a, MemorySegment b, MemorySegment bias, MemorySegment y,
            Epilogue epilogue) {
        MemorySegment attributes = WITH_EPILOGUE.get(epilogue);
        return created("matmul", () -> (int) MATMUL.invokeExact(OUT, ENGINE, a, b, bias, y, attributes));
    }

    /** A product that is added to what the result holds. */
    static MemorySegment matmulAdded(MemorySegment a, MemorySegment b, MemorySegment y) {
        return created("matmul", () -> (int) MATMUL.invokeExact(OUT, ENGINE, a, b, MemorySegment.NULL, y, ADDED));
    }

    static MemorySegment reorder(MemorySegment from, MemorySegment to) {
        return created("reorder", () -> (int) REORDER.invokeExact(OUT, from, ENGINE, to, ENGINE, ATTRIBUTES));
    }

    static MemorySegment primitive(MemorySegment primitiveDescriptor) {
        return created("primitive", () -> (int) PRIMITIVE_CREATE.invokeExact(OUT, primitiveDescriptor));
    }

    static void execute(MemorySegment primitive, int count, MemorySegment arguments) {
        int status;
        try {
            status = (int) EXECUTE.invokeExact(primitive, STREAM, count, arguments);
            if (status == 0) {
                status = (int) STREAM_WAIT.invokeExact(STREAM);
            }
        } catch (Throwable t) {
            throw new IllegalStateException("dnnl_primitive_execute", t);
        }
        if (status != 0) {
            throw new EngineException("oneDNN execute: " + STATUS[status]);
        }
    }

    /** Library version and the instruction set that it will use. */
    static String describe() {
        try {
            MemorySegment version = ((MemorySegment) VERSION.invokeExact()).reinterpret(12);
            return "oneDNN " + version.getAtIndex(JAVA_INT, 0) + "." + version.getAtIndex(JAVA_INT, 1) + "."
                    + version.getAtIndex(JAVA_INT, 2) + ", " + nameOfIsa() + ", " + Parallel.threads() + " threads, "
                    + LIBRARY.path();
        } catch (Throwable t) {
            throw new IllegalStateException("dnnl_version", t);
        }
    }

    /**
     * AMX multiplies bfloat16 at eight times float32's rate. Without it a step of a ResNet-50 was slower in bfloat16 on
     * an Intel processor, and is 1.7 to 1.85 times as fast on two of AMD's that have AVX-512's products of it
     * (bench/README.md); that of a small network hardly differs.
     */
    static LowPrecision lowPrecision() {
        if (hasAmx()) {
            return LowPrecision.bf16("this processor has AMX");
        }
        return LowPrecision.none("this processor has no AMX" + (hasPairProducts()
                ? "; its AVX-512 has bf16, too, so that --precision bf16 may be faster" : ""));
    }

    /** Whether oneDNN may use AMX. */
    static boolean hasAmx() {
        return (isa() & AMX) == AMX;
    }

    /** Whether oneDNN may use products of bfloat16 pairs in vectors of 512 bits. */
    static boolean hasPairProducts() {
        return isa() >= AVX512_BF16;
    }

    /** A set of bits, each instruction set including the smaller ones. */
    private static int isa() {
        try {
            return (int) ISA.invokeExact();
        } catch (Throwable t) {
            throw new IllegalStateException("dnnl_get_effective_cpu_isa", t);
        }
    }

    private static String nameOfIsa() {
        int isa = isa();
        if ((isa & AMX) == AMX) {
            return "AVX-512 with AMX";
        }
        return isa >= AVX512_BF16 ? "AVX-512 with bf16" : isa >= 0x27 ? "AVX-512" : isa >= 0x7 ? "AVX2"
                : "SSE4.1 or other";
    }
}
