package dev.osteon.nn.schedule;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.osteon.engine.EngineException;
import dev.osteon.nn.Golden;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** The schedules against torch's schedulers and the official SwAV, VICReg and SupCon code. */
class GoldenScheduleTest {

    static Stream<Golden> schedules() {
        return Golden.family("schedule").stream();
    }

    @ParameterizedTest
    @MethodSource
    void schedules(Golden golden) {
        LearningRate schedule = schedule(golden);
        int count = golden.values("out.lr").length;
        golden.check("out.lr", IntStream.range(0, count).mapToDouble(schedule::at).toArray());
    }

    private static LearningRate schedule(Golden g) {
        String kind = g.id().replaceAll("_(lr|n\\d|cosine_lr).*", "");
        return switch (kind) {
            case "cosine" -> new CosineSchedule(g.number("base_lr"), g.number("eta_min"), integer(g, "T_max"));
            case "warm_restarts" -> new WarmRestarts(g.number("base_lr"), g.number("eta_min"), integer(g, "T_0"),
                    integer(g, "T_mult"));
            case "swav" -> {
                int perEpoch = integer(g, "iters_per_epoch");
                yield new SwavSchedule(g.number("start_warmup"), g.number("base_lr"), g.number("final_lr"),
                        perEpoch * integer(g, "warmup_epochs"), perEpoch * integer(g, "epochs"));
            }
            case "vicreg" -> {
                int perEpoch = integer(g, "iters_per_epoch");
                yield new VicregSchedule(g.number("base_lr"), integer(g, "batch_size"),
                        perEpoch * integer(g, "warmup_epochs"), perEpoch * integer(g, "epochs"));
            }
            case "supcon" -> new SupconSchedule(g.number("learning_rate"), g.number("lr_decay_rate"),
                    integer(g, "epochs"));
            default -> throw new AssertionError("no schedule for " + g.id());
        };
    }

    private static int integer(Golden golden, String name) {
        return golden.hyper(name).asInt();
    }

    @Test
    void warmupIsALineThatMeetsTheScheduleOnce() {
        LearningRate rate = new LinearWarmup(0.1, 4, new CosineSchedule(0.5, 0, 10));
        assertThat(IntStream.range(0, 5).mapToDouble(rate::at).toArray())
                .containsExactly(new double[] {0.1, 0.2, 0.3, 0.4, 0.5}, within(1e-15));
        assertThat(rate.at(14)).isCloseTo(0, within(1e-15));
    }

    @Test
    void impossiblePeriodsAreRefused() {
        assertThatThrownBy(() -> new CosineSchedule(0.1, 0, 0)).isInstanceOf(EngineException.class)
                .hasMessageContaining("period: given 0; expected 1 or more");
        assertThatThrownBy(() -> new SwavSchedule(0, 0.6, 0, 10, 10)).isInstanceOf(EngineException.class)
                .hasMessageContaining("given 10; expected 11 or more");
    }
}
