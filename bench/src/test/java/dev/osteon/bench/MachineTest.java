package dev.osteon.bench;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;

class MachineTest {

    @Test
    void processorsOfOneNameAreToldApart() {
        assertThat(Machine.model(List.of("processor\t: 0", "cpu family\t: 26", "model\t\t: 2",
                "model name\t: AMD EPYC", "", "processor\t: 1", "cpu family\t: 25", "model name\t: another")))
                .contains("AMD EPYC, family 26 model 2");
        assertThat(Machine.model(List.of("model name : ARMv8"))).contains("ARMv8");
        assertThat(Machine.model(List.of())).isEmpty();
    }
}
