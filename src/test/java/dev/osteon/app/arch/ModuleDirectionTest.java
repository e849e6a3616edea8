package dev.osteon.app.arch;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static org.assertj.core.api.Assertions.assertThat;

import com.tngtech.archunit.base.DescribedPredicate;
import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.library.dependencies.SlicesRuleDefinition;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The modules depend in one direction: engine ← nn ← models ← ssl ← app, with bench beside them. */
class ModuleDirectionTest {

    private static final List<String> UPWARDS = List.of("engine", "nn", "models", "ssl", "app");

    @Test
    void theClassesOfEveryModuleAreSeen() {
        for (String module : UPWARDS) {
            assertThat(Classes.ALL).as("classes of " + module)
                    .anyMatch(c -> c.getPackageName().startsWith("dev.osteon." + module));
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"engine", "nn", "models", "ssl", "app"})
    void noModuleKnowsOneAboveIt(String module) {
        List<String> above = UPWARDS.subList(UPWARDS.indexOf(module) + 1, UPWARDS.size());
        String[] forbidden = java.util.stream.Stream.concat(above.stream(), java.util.stream.Stream.of("bench"))
                .map(name -> "dev.osteon." + name + "..").toArray(String[]::new);
        noClasses().that().resideInAPackage("dev.osteon." + module + "..")
                .should().dependOnClassesThat().resideInAnyPackage(forbidden).check(Classes.ALL);
    }

    @ParameterizedTest
    @CsvSource({"nn", "models", "ssl", "app"})
    void aboveTheEngineBackendsAreReachedThroughBackendsOnly(String module) {
        DescribedPredicate<JavaClass> implementation = DescribedPredicate.describe("implement a backend",
                c -> c.getPackageName().startsWith("dev.osteon.engine.backend."));
        noClasses().that().resideInAPackage("dev.osteon." + module + "..")
                .should().dependOnClassesThat(implementation).check(Classes.ALL);
    }

    @ParameterizedTest
    @CsvSource({"nn", "models", "ssl", "app"})
    void packagesOfAModuleHaveNoCycles(String module) {
        SlicesRuleDefinition.slices().matching("dev.osteon." + module + ".(**)").should().beFreeOfCycles()
                .allowEmptyShould(true).check(Classes.ALL);
    }
}
