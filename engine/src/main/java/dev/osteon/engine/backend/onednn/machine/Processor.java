package dev.osteon.engine.backend.onednn.machine;

import static java.lang.foreign.ValueLayout.JAVA_LONG;

import dev.osteon.engine.backend.onednn.machine.Assembler.Register;
import java.lang.foreign.FunctionDescriptor;
import java.lang.invoke.MethodHandle;
import java.util.Optional;

/** What this processor says of itself ({@code CPUID}, Intel's Software Developer's Manual, volume 2, 3.3). */
public final class Processor {

    private static final int FEATURES = 7;
    /** In EAX of the features' second part. */
    private static final long AVX512_BF16 = 1 << 5;
    /** In EDX of the features' first part. */
    private static final long AMX_BF16 = 1 << 22;

    private static final Optional<MethodHandle> IDENTIFY = NativeCode.function(identification(),
            FunctionDescriptor.of(JAVA_LONG, JAVA_LONG, JAVA_LONG));
    private static final boolean BFLOAT16 = eax(0, 0) >= FEATURES && eax(FEATURES, 0) >= 1
            && (eax(FEATURES, 1) & AVX512_BF16) != 0;
    private static final boolean TILES = eax(0, 0) >= FEATURES && (edx(FEATURES, 0) & AMX_BF16) != 0;

    private Processor() {}

    /** Whether it multiplies and rounds bfloat16 in vectors of 512 bits. */
    public static boolean hasBfloat16() {
        return BFLOAT16;
    }

    /** Whether it has AMX, which multiplies bfloat16 faster still. */
    public static boolean hasTiles() {
        return TILES;
    }

    private static long eax(int leaf, int part) {
        return identify(leaf, part) & 0xffffffffL;
    }

    private static long edx(int leaf, int part) {
        return identify(leaf, part) >>> Integer.SIZE;
    }

    /** 0 where there is no such instruction. */
    private static long identify(long leaf, long part) {
        if (IDENTIFY.isEmpty()) {
            return 0;
        }
        try {
            return (long) IDENTIFY.get().invokeExact(leaf, part);
        } catch (Throwable t) {
            throw new IllegalStateException("CPUID", t);
        }
    }

    /** EDX in the upper half of the result, EAX in the lower one. */
    private static byte[] identification() {
        Assembler code = new Assembler();
        code.push(Register.RBX);
        code.mov(Register.RAX, Register.RDI);
        code.mov(Register.RCX, Register.RSI);
        code.cpuid();
        code.shl(Register.RDX, Integer.SIZE);
        code.add(Register.RAX, Register.RDX);
        code.pop(Register.RBX);
        code.ret();
        return code.bytes();
    }
}
