package dev.osteon.engine.backend.onednn.machine;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/**
 * Machine code for x86-64 with AVX-512, of those instructions that our kernels have. Java's vectors have no product of
 * bfloat16 pairs, and a compiler is not at hand where a program runs. Names are the mnemonics of Intel's manual
 * (Software Developer's Manual, volume 2), which has the encodings: 2.7 for AVX-512's prefix, and each instruction's
 * own page.
 */
final class Assembler {

    /** Registers of 64 bits by their numbers. A function's first six arguments are in RDI, RSI, RDX, RCX, R8 and R9. */
    enum Register {
        RAX, RCX, RDX,
        /** The caller's; to be pushed before it is used. */
        RBX,
        RSP,
        /** The caller's. */
        RBP,
        RSI, RDI, R8, R9, R10, R11,
        /** The caller's. */
        R12,
        /** The caller's. */
        R13,
        /** The caller's. */
        R14,
        /** The caller's. */
        R15;

        private int low() {
            return ordinal() & 7;
        }

        private int high() {
            return ordinal() >> 3;
        }
    }

    /** Bytes of a vector. */
    static final int VECTOR = 64;

    private static final int MOST_BYTES = 4096;

    /** Of AVX-512's prefix: which table of opcodes, and the older prefix that it stands for. */
    private static final int TABLE_0F = 1;
    private static final int TABLE_0F38 = 2;
    private static final int TABLE_0F3A = 3;
    private static final int NO_PREFIX = 0;
    private static final int PREFIX_66 = 1;
    private static final int PREFIX_F3 = 2;

    private final ByteBuffer code = ByteBuffer.allocate(MOST_BYTES).order(ByteOrder.LITTLE_ENDIAN);

    /** A place in the code. */
    record Label(int at) {}

    Label here() {
        return new Label(code.position());
    }

    /** The code up to here. */
    byte[] bytes() {
        return java.util.Arrays.copyOf(code.array(), code.position());
    }

    /** A vector from memory at {@code base + vectors · 64}. */
    void vmovupsLoad(int to, Register base, int vectors) {
        vector(TABLE_0F, NO_PREFIX, 0x10, to, 0, base, vectors);
    }

    /** A vector to memory at {@code base + vectors · 64}. */
    void vmovupsStore(Register base, int vectors, int from) {
        vector(TABLE_0F, NO_PREFIX, 0x11, from, 0, base, vectors);
    }

    /** The 32 bits at {@code base + words · 4} in all of a vector's places. */
    void vpbroadcastd(int to, Register base, int words) {
        vector(TABLE_0F38, PREFIX_66, 0x58, to, 0, base, words);
    }

    /** The lower 32 bits of a register in all of a vector's places. */
    void vpbroadcastd(int to, Register from) {
        registers(TABLE_0F38, PREFIX_66, 0x7c, to, 0, from.ordinal());
    }

    /** sum += a₀·b₀ + a₁·b₁ in each of 16 places, of pairs of bfloat16 that are multiplied and added in float32. */
    void vdpbf16ps(int sum, int a, int b) {
        registers(TABLE_0F38, PREFIX_F3, 0x52, sum, a, b);
    }

    /** Each word of 32 bits moved to the left by so many bits. */
    void vpslld(int to, int from, int bits) {
        registers(TABLE_0F, PREFIX_66, 0x72, 6, to, from);
        bytes(bits);
    }

    /** Each word of 32 bits moved to the right by so many bits, with zeros behind. */
    void vpsrld(int to, int from, int bits) {
        registers(TABLE_0F, PREFIX_66, 0x72, 2, to, from);
        bytes(bits);
    }

    /** to |= a &amp; b: the function of three bits whose table is 11111000. */
    void orAnd(int to, int a, int b) {
        registers(TABLE_0F3A, PREFIX_66, 0x25, to, a, b);
        bytes(0xf8);
    }

    /**
     * Asks for the 64 bytes around an address to come to the second-level cache; nothing happens where there are none.
     */
    void prefetcht1(Register address) {
        prefixOf(address);
        bytes(0x0f, 0x18);
        memory(2, address, 0);
    }

    /** The upper parts of all vectors are no longer needed: what is compiled for smaller ones runs at its speed. */
    void vzeroupper() {
        bytes(0xc5, 0xf8, 0x77);
    }

    void mov(Register to, Register from) {
        bytes(0x48 | from.high() << 2 | to.high(), 0x89, 0xc0 | from.low() << 3 | to.low());
    }

    /** The 64 bits at {@code base + bytes}. */
    void mov(Register to, Register base, int bytes) {
        bytes(0x48 | to.high() << 2 | base.high(), 0x8b);
        memory(to.low(), base, bytes);
    }

    void mov(Register to, int value) {
        bytes(0x48 | to.high(), 0xc7, 0xc0 | to.low());
        code.putInt(value);
    }

    void push(Register register) {
        prefixOf(register);
        bytes(0x50 | register.low());
    }

    void pop(Register register) {
        prefixOf(register);
        bytes(0x58 | register.low());
    }

    /** Of an instruction whose only register may be one of the upper eight. */
    private void prefixOf(Register register) {
        if (register.high() == 1) {
            bytes(0x41);
        }
    }

    void add(Register to, int value) {
        bytes(0x48 | to.high(), 0x81, 0xc0 | to.low());
        code.putInt(value);
    }

    void add(Register to, Register value) {
        bytes(0x48 | value.high() << 2 | to.high(), 0x01, 0xc0 | value.low() << 3 | to.low());
    }

    /** One less, and back to {@code label} unless that is 0. */
    void decrementAndRepeat(Register counter, Label label) {
        bytes(0x48 | counter.high(), 0xff, 0xc8 | counter.low());
        bytes(0x0f, 0x85);
        code.putInt(label.at - (code.position() + Integer.BYTES));
    }

    void ret() {
        bytes(0xc3);
    }

    /** An instruction on a vector and memory, whose displacement is counted in what the instruction reads there. */
    private void vector(int table, int prefix, int opcode, int register, int second, Register base, int displacement) {
        prefix(table, prefix, register, second, base.high(), 0);
        bytes(opcode);
        memory(register & 7, base, displacement);
    }

    /** The operands of an instruction on a register and memory, with a displacement of one byte. */
    private void memory(int register, Register base, int displacement) {
        if (displacement != (byte) displacement) {
            throw new IllegalArgumentException("displacement: given " + displacement + "; expected -128 to 127");
        }
        bytes(0x40 | register << 3 | base.low());
        if (base.low() == Register.RSP.low()) {
            bytes(0x24);   // a base whose number is RSP's needs a byte of its own
        }
        bytes(displacement);
    }

    /** An instruction on registers alone. */
    private void registers(int table, int prefix, int opcode, int register, int second, int third) {
        prefix(table, prefix, register, second, third >> 3 & 1, third >> 4 & 1);
        bytes(opcode, 0xc0 | (register & 7) << 3 | third & 7);
    }

    /** AVX-512's four bytes before an opcode on 512 bits; the bits of the registers' numbers stand inverted in them. */
    private void prefix(int table, int prefix, int register, int second, int base, int index) {
        bytes(0x62,
                (~register >> 3 & 1) << 7 | (~index & 1) << 6 | (~base & 1) << 5 | (~register >> 4 & 1) << 4 | table,
                (~second & 15) << 3 | 4 | prefix,
                2 << 5 | (~second >> 4 & 1) << 3);
    }

    private void bytes(int... values) {
        for (int value : values) {
            code.put((byte) value);
        }
    }
}
