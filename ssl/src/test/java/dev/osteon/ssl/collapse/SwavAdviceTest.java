package dev.osteon.ssl.collapse;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.osteon.engine.EngineException;
import dev.osteon.ssl.loss.Swav;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class SwavAdviceTest {

    private static final SwavAdvice IMAGENET = new SwavAdvice(1_281_167, 4096, 400);
    private static final SwavAdvice HANDS = new SwavAdvice(1300, 128, 30);

    private static Swav.Settings settings(int prototypes, long freeze, int queue, int from) {
        return new Swav.Settings(prototypes, 0.1, 0.05, 3, freeze, queue, from);
    }

    @Test
    void theOfficialSettingsSuitImageNet() {
        assertThat(IMAGENET.on(Swav.Settings.IMAGENET)).isEmpty();
        assertThat(new SwavAdvice(1_281_167, 256, 400).on(settings(3000, 5005, 3840, 15))).as("the small-batch recipe")
                .isEmpty();
    }

    @Test
    void theOfficialSettingsDoNotSuit1300Images() {
        List<String> advice = HANDS.on(Swav.Settings.IMAGENET);
        assertThat(advice).hasSize(2);
        assertThat(advice.get(0)).contains("prototypes = 3000", "128 samples", "set prototypes = 64");
        assertThat(advice.get(1)).contains("freezeSteps = 313", "never trained", "set freezeSteps = 10");
    }

    @ParameterizedTest
    @CsvSource({
        "1300, 128, 30", "140, 64, 3", "20, 16, 1", "100000, 256, 100", "12, 12, 50",
    })
    void whatIsRecommendedIsNotAdvisedAgainst(int samples, int batch, int epochs) {
        SwavAdvice advice = new SwavAdvice(samples, batch, epochs);
        assertThat(advice.on(advice.recommended())).isEmpty();
        assertThat(advice.recommended().prototypes()).isGreaterThanOrEqualTo(2);
    }

    @Test
    void smallClustersAndALongFreezeAreTold() {
        assertThat(new SwavAdvice(400, 200, 100).on(settings(150, 0, 0, 0))).singleElement().asString()
                .contains("2.7 each", "set prototypes = 40");
        assertThat(HANDS.on(settings(60, 200, 0, 0))).singleElement().asString()
                .contains("67 % of the 300 steps", "set freezeSteps = 10");
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', value = {
        "100  | 0  | less than a batch",
        "640  | 30 | never used",
        "1280 | 29 | never full",
        "1280 | 3  | 98 % of the data",
    })
    void queuesThatDoNothingOrTooMuchAreTold(int rows, int from, String named) {
        assertThat(HANDS.on(settings(60, 10, rows, from))).singleElement().asString().contains(named);
    }

    @Test
    void aQueueOfHalfTheDataIsFine() {
        assertThat(HANDS.on(settings(100, 10, 640, 3))).isEmpty();
    }

    @Test
    void badInputIsNamed() {
        assertThatThrownBy(() -> new SwavAdvice(10, 20, 1)).isInstanceOf(EngineException.class)
                .hasMessageContaining("no larger batch");
    }
}
