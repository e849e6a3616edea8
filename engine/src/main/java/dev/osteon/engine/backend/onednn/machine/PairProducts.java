package dev.osteon.engine.backend.onednn.machine;

import static java.lang.foreign.ValueLayout.JAVA_LONG;

import dev.osteon.engine.backend.onednn.machine.Assembler.Label;
import dev.osteon.engine.backend.onednn.machine.Assembler.Register;
import java.lang.foreign.FunctionDescriptor;
import java.lang.invoke.MethodHandle;
import java.util.List;
import java.util.Optional;

/**
 * Products of bfloat16 matrices with float32 sums, in machine code, for Java's vectors have no such product. Elements
 * are pairs of bfloat16, whose two products are added up, and come in lines of 32 pairs, one for each k: s[i, j] += Σₖ
 * a[k, i] · b[k, j] for 32 rows i and 32 columns j. Sums of 8 rows at a time stay in registers while all lines go by.
 */
public final class PairProducts {

    /** Pairs in a line; rows and columns of the sums. */
    public static final int PAIRS = 32;
    /** Bytes of a line. */
    public static final int LINE = PAIRS * Integer.BYTES;
    /** Bytes of the sums. */
    public static final int SQUARE = PAIRS * PAIRS * Float.BYTES;

    private static final int ROWS = 8;
    private static final int VECTORS = LINE / Assembler.VECTOR;
    private static final int SUMS = ROWS * VECTORS;
    private static final int HALF = 16;
    private static final int LOWER = 0xffff;

    private static final Optional<MethodHandle> MULTIPLY = NativeCode.function(multiplication(),
            FunctionDescriptor.ofVoid(JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG,
                    JAVA_LONG, JAVA_LONG));
    private static final Optional<MethodHandle> INTERLEAVE = NativeCode.function(interleaving(),
            FunctionDescriptor.ofVoid(JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG));

    private PairProducts() {}

    /** In constants of their own: only through such does the virtual machine compile a direct call. */
    private static final class Functions {
        static final MethodHandle MULTIPLY = PairProducts.MULTIPLY.orElseThrow();
        static final MethodHandle INTERLEAVE = PairProducts.INTERLEAVE.orElseThrow();
    }

    /**
     * Whether the process may have machine code of its own. The processor must have AVX-512 with bfloat16, which is not
     * asked here.
     */
    public static boolean available() {
        return MULTIPLY.isPresent() && INTERLEAVE.isPresent();
    }

    /**
     * Lines of a and of b.
     *
     * @param count  lines that follow each other, at least 1
     * @param groups how many times so many, at least 1
     * @param gapA   bytes between a group's last line of a and the next one's first
     * @param gapB   the same of b
     */
    public record Lines(long count, long groups, long gapA, long gapB) {

        public Lines {
            atLeastOne(count, "lines");
            atLeastOne(groups, "groups");
        }
    }

    /** The loops count down to 0 behind their bodies. */
    private static void atLeastOne(long count, String what) {
        if (count < 1) {
            throw new IllegalArgumentException(what + ": given " + count + "; expected 1 or more");
        }
    }

    /** Memory that the caller will read next, to be brought nearer meanwhile: as {@link #aheadBytes} says. */
    public record Ahead(long address, long step) {

        /** One that asks for the same bytes again and again, which the process must have. */
        public static Ahead nothingNew(long address) {
            return new Ahead(address, 0);
        }
    }

    /** Bytes that come nearer while so many lines are multiplied: these go by once for each 8 rows of sums. */
    public static long aheadBytes(long lines) {
        return lines * (PAIRS / ROWS) * Assembler.VECTOR;
    }

    /**
     * Adds to 32 × 32 sums.
     *
     * @param a     address of the first line of a
     * @param b     address of the first line of b
     * @param sums  address of the sums, [32, 32] of float32
     */
    public static void multiply(long a, long b, long sums, Lines lines, Ahead ahead) {
        try {
            Functions.MULTIPLY.invokeExact(a, b, sums, lines.count, lines.groups, lines.gapA, lines.gapB, ahead.address,
                    ahead.step);
        } catch (Throwable t) {
            throw new IllegalStateException("products of pairs", t);
        }
    }

    /**
     * Pairs to be made.
     *
     * @param pairs  how many, at least 1
     * @param step   bytes from one to the next
     * @param blocks of how many blocks of 32 elements each, at least 1
     */
    public record Rows(long pairs, long step, long blocks) {

        public Rows {
            atLeastOne(pairs, "pairs");
            atLeastOne(blocks, "blocks");
        }
    }

    /**
     * Makes lines of two rows of elements. In a line the pairs of elements with even numbers come first: that is how
     * they fall apart without moving across a vector.
     *
     * @param first  address of the first elements of the pairs
     * @param second address of the second elements
     * @param to     address of the first block's lines
     * @param panel  bytes from a block's lines to the next's
     */
    public static void interleave(long first, long second, Rows rows, long to, long panel) {
        try {
            Functions.INTERLEAVE.invokeExact(first, second, rows.pairs, rows.step, rows.blocks, to, panel);
        } catch (Throwable t) {
            throw new IllegalStateException("lines of pairs", t);
        }
    }

    private static byte[] multiplication() {
        Assembler code = new Assembler();
        List<Register> kept = List.of(Register.RBX, Register.R12, Register.R13, Register.R14, Register.R15);
        kept.forEach(code::push);
        int stack = (kept.size() + 1) * Long.BYTES;   // and the address to return to
        code.mov(Register.RAX, Register.RSP, stack);
        code.mov(Register.R11, Register.RSP, stack + Long.BYTES);
        code.mov(Register.R12, Register.RSP, stack + 2 * Long.BYTES);
        code.mov(Register.R13, PAIRS / ROWS);
        Label rows = code.here();
        code.mov(Register.R14, Register.RDI);
        code.mov(Register.R15, Register.RSI);
        code.mov(Register.RBX, Register.R8);
        for (int sum = 0; sum < SUMS; sum++) {
            code.vmovupsLoad(sum, Register.RDX, sum);
        }
        Label group = code.here();
        code.mov(Register.R10, Register.RCX);
        Label line = code.here();
        line(code);
        code.decrementAndRepeat(Register.R10, line);
        code.add(Register.R14, Register.R9);
        code.add(Register.R15, Register.RAX);
        code.decrementAndRepeat(Register.RBX, group);
        for (int sum = 0; sum < SUMS; sum++) {
            code.vmovupsStore(Register.RDX, sum, sum);
        }
        code.add(Register.RDI, ROWS * Integer.BYTES);
        code.add(Register.RDX, SUMS * Assembler.VECTOR);
        code.decrementAndRepeat(Register.R13, rows);
        code.vzeroupper();
        kept.reversed().forEach(code::pop);
        code.ret();
        return code.bytes();
    }

    /** Products of one line: each of 8 pairs of a by all of b's. */
    private static void line(Assembler code) {
        for (int v = 0; v < VECTORS; v++) {
            code.vmovupsLoad(SUMS + v, Register.R15, v);
        }
        for (int row = 0; row < ROWS; row++) {
            int pair = SUMS + VECTORS + row;
            code.vpbroadcastd(pair, Register.R14, row);
            for (int v = 0; v < VECTORS; v++) {
                code.vdpbf16ps(row * VECTORS + v, pair, SUMS + v);
            }
        }
        code.prefetcht1(Register.R11);
        code.add(Register.R11, Register.R12);
        code.add(Register.R14, LINE);
        code.add(Register.R15, LINE);
    }

    private static byte[] interleaving() {
        Assembler code = new Assembler();
        int lower = 16;
        int upper = 17;
        code.mov(Register.RAX, LOWER);
        code.vpbroadcastd(lower, Register.RAX);
        code.vpslld(upper, lower, HALF);
        code.push(Register.RBX);
        code.push(Register.RBP);
        code.mov(Register.RBP, Register.RSP, 3 * Long.BYTES);   // the panel, above both and the return's address
        Label pair = code.here();
        code.mov(Register.R10, Register.RDI);
        code.mov(Register.R11, Register.RSI);
        code.mov(Register.RAX, Register.R9);
        code.mov(Register.RBX, Register.R8);
        Label block = code.here();
        code.vmovupsLoad(0, Register.R10, 0);
        code.vmovupsLoad(1, Register.R11, 0);
        code.vpslld(2, 1, HALF);
        code.orAnd(2, 0, lower);
        code.vpsrld(3, 0, HALF);
        code.orAnd(3, 1, upper);
        code.vmovupsStore(Register.RAX, 0, 2);
        code.vmovupsStore(Register.RAX, 1, 3);
        code.add(Register.R10, Assembler.VECTOR);
        code.add(Register.R11, Assembler.VECTOR);
        code.add(Register.RAX, Register.RBP);
        code.decrementAndRepeat(Register.RBX, block);
        code.add(Register.RDI, Register.RCX);
        code.add(Register.RSI, Register.RCX);
        code.add(Register.R9, LINE);
        code.decrementAndRepeat(Register.RDX, pair);
        code.pop(Register.RBP);
        code.pop(Register.RBX);
        code.vzeroupper();
        code.ret();
        return code.bytes();
    }
}
