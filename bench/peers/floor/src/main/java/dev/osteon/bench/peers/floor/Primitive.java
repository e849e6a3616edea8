package dev.osteon.bench.peers.floor;

import static org.bytedeco.dnnl.global.dnnl.dnnl_memory_desc_get_size;
import static org.bytedeco.dnnl.global.dnnl.dnnl_primitive_create;
import static org.bytedeco.dnnl.global.dnnl.dnnl_primitive_desc_query_md;
import static org.bytedeco.dnnl.global.dnnl.dnnl_primitive_execute;
import static org.bytedeco.dnnl.global.dnnl.dnnl_query_exec_arg_md;
import static org.bytedeco.dnnl.global.dnnl.dnnl_query_scratchpad_md;

import java.lang.foreign.MemorySegment;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.ToIntFunction;
import org.bytedeco.dnnl.dnnl_exec_arg_t;
import org.bytedeco.dnnl.dnnl_memory_desc;
import org.bytedeco.dnnl.dnnl_primitive;
import org.bytedeco.dnnl.dnnl_primitive_desc;
import org.bytedeco.javacpp.Pointer;
import org.bytedeco.javacpp.PointerPointer;

/** A primitive with its arguments. */
final class Primitive {

    private final dnnl_primitive_desc descriptor;
    private final dnnl_primitive primitive;
    private final Map<Integer, Memory> arguments = new LinkedHashMap<>();
    private dnnl_exec_arg_t bound = new dnnl_exec_arg_t();

    /** @param create writes the primitive's descriptor */
    Primitive(ToIntFunction<PointerPointer<Pointer>> create) {
        descriptor = new dnnl_primitive_desc(Dnnl.made(create));
        primitive = new dnnl_primitive(Dnnl.made(out -> dnnl_primitive_create(out, descriptor)));
    }

    /** As a hint for the primitive of the other direction. */
    dnnl_primitive_desc descriptor() {
        return descriptor;
    }

    /** The layout that it wants for an argument. */
    dnnl_memory_desc wants(int argument) {
        return dnnl_primitive_desc_query_md(descriptor, dnnl_query_exec_arg_md, argument);
    }

    Primitive with(int argument, Memory memory) {
        arguments.put(argument, memory);
        return this;
    }

    long scratchpadBytes() {
        return dnnl_memory_desc_get_size(scratchpad());
    }

    private dnnl_memory_desc scratchpad() {
        return dnnl_primitive_desc_query_md(descriptor, dnnl_query_scratchpad_md, 0);
    }

    /** Makes it ready to run, with a scratchpad that all may share. */
    void bind(MemorySegment scratchpad) {
        if (scratchpadBytes() > 0) {
            arguments.put(Dnnl.SCRATCHPAD, Memory.over(scratchpad(), scratchpad));
        }
        bound = new dnnl_exec_arg_t(arguments.size());
        int i = 0;
        for (Map.Entry<Integer, Memory> argument : arguments.entrySet()) {
            bound.position(i++).arg(argument.getKey()).memory(argument.getValue().handle());
        }
        bound.position(0);
    }

    void run() {
        Dnnl.check(dnnl_primitive_execute(primitive, Dnnl.STREAM, arguments.size(), bound));
    }
}
