package dev.osteon.app.run;

import static org.assertj.core.api.Assertions.assertThat;

import dev.osteon.app.config.ConfigFile;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class CollapseWatchTest {

    private final CollapseWatch watch = new CollapseWatch(ConfigFile.load("smoke", List.of("pretrain.epochs=8"))
            .pretrain());

    private static Map<String, Double> features(double spread, double rank) {
        return Map.of("spread", spread, "effective_rank", rank);
    }

    @Test
    void featuresThatCollapseAreToldOnceAndWhenTheyRecover() {
        assertThat(watch.after(1, features(0.03, 5))).singleElement().asString()
                .startsWith("collapse: after epoch 1 the features' spread is 0.030").contains("pretrain.learningRate");
        assertThat(watch.after(2, features(0.02, 5))).isEmpty();
        assertThat(watch.after(3, features(0.4, 1.5))).isEmpty();
        assertThat(watch.after(4, features(0.4, 5)))
                .containsExactly("collapse: over; after epoch 4 the features are spread again");
        assertThat(watch.after(5, features(0.4, 5))).isEmpty();
        assertThat(watch.after(6, features(0.01, 5))).singleElement().asString().contains("after epoch 6");
    }

    @Test
    void prototypesAreWatchedApartFromTheFeatures() {
        assertThat(watch.after(1, prototypes(0.99, 0.01))).singleElement().asString().contains("only 1.0 %");
        assertThat(watch.after(3, prototypes(0.99, 0.01))).isEmpty();   // it is early for the loss
        assertThat(watch.after(4, prototypes(0.99, 0.5))).hasSize(2)
                .anyMatch(line -> line.contains("SwAV's loss is 0.990 ln K")).anyMatch(line -> line.contains("over"));
        assertThat(watch.after(5, prototypes(0.99, 0.5))).isEmpty();
    }

    private static Map<String, Double> prototypes(double lossPerChance, double occupied) {
        return Map.of("spread", 0.5, "effective_rank", 9.0, "loss_per_chance", lossPerChance, "prototypes_occupied",
                occupied);
    }
}
