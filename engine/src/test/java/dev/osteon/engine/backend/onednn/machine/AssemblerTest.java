package dev.osteon.engine.backend.onednn.machine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.osteon.engine.backend.onednn.machine.Assembler.Label;
import dev.osteon.engine.backend.onednn.machine.Assembler.Register;
import java.util.HexFormat;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Encodings as GNU's assembler (binutils 2.40) makes them of the line beside each. */
class AssemblerTest {

    private static Arguments line(String text, String bytes, Consumer<Assembler> instruction) {
        return Arguments.of(text, bytes, instruction);
    }

    static Stream<Arguments> instructions() {
        return Stream.of(
                line("{disp8} vmovups zmm0,[rdx]", "62f17c48104200", c -> c.vmovupsLoad(0, Register.RDX, 0)),
                line("vmovups zmm9,[r15+0x40]", "62517c48104f01", c -> c.vmovupsLoad(9, Register.R15, 1)),
                line("vmovups zmm31,[rsp+0x80]", "62617c48107c2402", c -> c.vmovupsLoad(31, Register.RSP, 2)),
                line("vmovups zmm17,[r12-0x40]", "62c17c48104c24ff", c -> c.vmovupsLoad(17, Register.R12, -1)),
                line("vmovups [rax+0x3c0],zmm15", "62717c4811780f", c -> c.vmovupsStore(Register.RAX, 15, 15)),
                line("{disp8} vmovups [r13],zmm22", "62c17c48117500", c -> c.vmovupsStore(Register.R13, 0, 22)),
                line("{disp8} vpbroadcastd zmm18,dword ptr [rdi]", "62e27d48585700",
                        c -> c.vpbroadcastd(18, Register.RDI, 0)),
                line("vpbroadcastd zmm5,dword ptr [r14+0x1c]", "62d27d48586e07",
                        c -> c.vpbroadcastd(5, Register.R14, 7)),
                line("vpbroadcastd zmm16,eax", "62e27d487cc0", c -> c.vpbroadcastd(16, Register.RAX)),
                line("vpbroadcastd zmm3,r10d", "62d27d487cda", c -> c.vpbroadcastd(3, Register.R10)),
                line("vdpbf16ps zmm0,zmm18,zmm16", "62b26e4052c0", c -> c.vdpbf16ps(0, 18, 16)),
                line("vdpbf16ps zmm27,zmm3,zmm9", "6242664852d9", c -> c.vdpbf16ps(27, 3, 9)),
                line("vpslld zmm2,zmm1,16", "62f16d4872f110", c -> c.vpslld(2, 1, 16)),
                line("vpslld zmm17,zmm24,3", "6291754072f003", c -> c.vpslld(17, 24, 3)),
                line("vpsrld zmm3,zmm0,16", "62f1654872d010", c -> c.vpsrld(3, 0, 16)),
                line("vpsrld zmm30,zmm15,1", "62d10d4072d701", c -> c.vpsrld(30, 15, 1)),
                line("vpternlogd zmm2,zmm0,zmm16,0xf8", "62b37d4825d0f8", c -> c.orAnd(2, 0, 16)),
                line("vpternlogd zmm20,zmm29,zmm7,0xf8", "62e3154025e7f8", c -> c.orAnd(20, 29, 7)),
                line("{disp8} prefetcht1 [r11]", "410f185300", c -> c.prefetcht1(Register.R11)),
                line("{disp8} prefetcht1 [r12]", "410f18542400", c -> c.prefetcht1(Register.R12)),
                line("{disp8} prefetcht1 [rsi]", "0f185600", c -> c.prefetcht1(Register.RSI)),
                line("mov r14,rdi", "4989fe", c -> c.mov(Register.R14, Register.RDI)),
                line("mov rax,r9", "4c89c8", c -> c.mov(Register.RAX, Register.R9)),
                line("mov rax,[rsp+8]", "488b442408", c -> c.mov(Register.RAX, Register.RSP, 8)),
                line("mov r11,[r12+0x40]", "4d8b5c2440", c -> c.mov(Register.R11, Register.R12, 64)),
                line("mov r13,[rbp+0x18]", "4c8b6d18", c -> c.mov(Register.R13, Register.RBP, 24)),
                line("mov rax,0xffff", "48c7c0ffff0000", c -> c.mov(Register.RAX, 0xffff)),
                line("mov r13,4", "49c7c504000000", c -> c.mov(Register.R13, 4)),
                line("push rbx", "53", c -> c.push(Register.RBX)),
                line("push r15", "4157", c -> c.push(Register.R15)),
                line("pop r12", "415c", c -> c.pop(Register.R12)),
                line("pop rbp", "5d", c -> c.pop(Register.RBP)),
                line("add rdi,0x80", "4881c780000000", c -> c.add(Register.RDI, 128)),
                line("add r14,0x400", "4981c600040000", c -> c.add(Register.R14, 1024)),
                line("add r14,r9", "4d01ce", c -> c.add(Register.R14, Register.R9)),
                line("add rsi,rax", "4801c6", c -> c.add(Register.RSI, Register.RAX)),
                line("vzeroupper", "c5f877", Assembler::vzeroupper),
                line("ret", "c3", Assembler::ret));
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("instructions")
    void encodes(String text, String bytes, Consumer<Assembler> instruction) {
        Assembler code = new Assembler();
        instruction.accept(code);
        assertThat(HexFormat.of().formatHex(code.bytes())).isEqualTo(bytes);
    }

    @Test
    void jumpsBackToALabel() {
        Assembler code = new Assembler();
        code.ret();
        Label label = code.here();
        code.add(Register.RDI, Register.RSI);
        code.decrementAndRepeat(Register.RCX, label);
        assertThat(HexFormat.of().formatHex(code.bytes())).isEqualTo("c3" + "4801f7" + "48ffc9" + "0f85f4ffffff");
    }

    @Test
    void countsInTheUpperRegistersToo() {
        Assembler code = new Assembler();
        code.decrementAndRepeat(Register.R13, code.here());
        assertThat(HexFormat.of().formatHex(code.bytes())).isEqualTo("49ffcd" + "0f85f7ffffff");
    }

    @Test
    void refusesDisplacementsOfMoreThanAByte() {
        Assembler code = new Assembler();
        assertThatThrownBy(() -> code.mov(Register.RAX, Register.RSP, 128))
                .isInstanceOf(IllegalArgumentException.class).hasMessageContaining("given 128");
    }
}
