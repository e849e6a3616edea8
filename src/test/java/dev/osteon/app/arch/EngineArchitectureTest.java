package dev.osteon.app.arch;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;

import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.library.dependencies.SliceAssignment;
import com.tngtech.archunit.library.dependencies.SliceIdentifier;
import com.tngtech.archunit.library.dependencies.SlicesRuleDefinition;
import java.lang.foreign.Linker;
import java.lang.foreign.SymbolLookup;
import java.util.Set;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorOperators;
import org.junit.jupiter.api.Test;

/** One concern, one place: see docs/architecture.md. */
class EngineArchitectureTest {

    private static final String ENGINE = "dev.osteon.engine.";
    private static final String[] IMPLEMENTATIONS = {ENGINE + "backend.onednn..", ENGINE + "backend.reference..",
        ENGINE + "backend.cuda.."};

    @Test
    void onlyTheOneDnnBackendAndProfilersCallNativeCode() {
        noClasses().that().resideOutsideOfPackages(ENGINE + "backend.onednn", ENGINE + "backend.onednn.machine",
                        ENGINE + "profile")
                .should().dependOnClassesThat().areAssignableTo(Linker.class)
                .orShould().dependOnClassesThat().areAssignableTo(SymbolLookup.class)
                .orShould().dependOnClassesThat().resideInAPackage("org.bytedeco..").check(Classes.ALL);
    }

    @Test
    void machineCodeKnowsNothingOfTheEngine() {
        classes().that().resideInAPackage(ENGINE + "backend.onednn.machine").should().onlyDependOnClassesThat()
                .resideInAnyPackage("java..", ENGINE + "backend.onednn.machine").check(Classes.ALL);
    }

    @Test
    void onlyTheCudaBackendMayUseJCuda() {
        noClasses().that().resideOutsideOfPackage(ENGINE + "backend.cuda..")
                .should().dependOnClassesThat().resideInAPackage("jcuda..").check(Classes.ALL);
    }

    @Test
    void anOperationSaysWhatItMeansNotHowItIsDone() {
        noClasses().that().resideInAPackage(ENGINE + "op")
                .should().dependOnClassesThat().resideInAPackage(ENGINE + "backend..").check(Classes.ALL);
    }

    @Test
    void tensorsTheTapeAndTheDispatcherKnowNoBackendByName() {
        noClasses().that().resideInAnyPackage(ENGINE + "tensor", ENGINE + "autograd", ENGINE + "dispatch",
                ENGINE + "memory", ENGINE + "random", ENGINE + "io", ENGINE + "conformance")
                .should().dependOnClassesThat().resideInAnyPackage(IMPLEMENTATIONS).check(Classes.ALL);
    }

    @Test
    void onlyBackendsNamesTheBackends() {
        noClasses().that().resideInAPackage(ENGINE + "backend").and()
                .doNotHaveFullyQualifiedName(ENGINE + "backend.Backends")
                .should().dependOnClassesThat().resideInAnyPackage(IMPLEMENTATIONS).check(Classes.ALL);
    }

    @Test
    void theReferenceBackendStandsAlone() {
        noClasses().that().resideInAPackage(ENGINE + "backend.reference..")
                .should().dependOnClassesThat().resideInAnyPackage(ENGINE + "backend.onednn..",
                        ENGINE + "backend.cuda..", "jdk.incubator..").check(Classes.ALL);
    }

    @Test
    void vectorsAreNotSummedInAnOrderThatDependsOnTheCompiler() {
        noClasses().that().resideInAPackage(ENGINE + "backend..")
                .should().callMethod(FloatVector.class, "reduceLanes", VectorOperators.Associative.class)
                .because("interpreted and compiled code differ in the order; use Lanes.sum").check(Classes.ALL);
    }

    @Test
    void kernelsKnowNeitherTapeNorDispatcher() {
        noClasses().that().resideInAPackage(ENGINE + "backend..")
                .should().dependOnClassesThat().resideInAnyPackage(ENGINE + "autograd..", ENGINE + "dispatch..")
                .check(Classes.ALL);
    }

    @Test
    void randomNumbersDependOnNothing() {
        classes().that().resideInAPackage(ENGINE + "random")
                .should().onlyDependOnClassesThat().resideInAnyPackage("java..", ENGINE + "random").check(Classes.ALL);
    }

    @Test
    void aroundTheCorePackagesHaveNoCycles() {
        SlicesRuleDefinition.slices().assignedFrom(new CoreAsOne()).should().beFreeOfCycles().check(Classes.ALL);
    }

    @Test
    void cyclesWithinTheCoreDoNotReachIntoBackends() {
        noClasses().that().resideInAPackage(ENGINE + "backend.onednn.vector..")
                .should().dependOnClassesThat().resideInAnyPackage(ENGINE + "backend.onednn",
                        ENGINE + "backend.reference..").check(Classes.ALL);
    }

    /**
     * The packages of the engine, with those of the core as one. These know each other by design: a tensor has fluent
     * methods (tensor → op), operations run through the dispatcher (op → dispatch) onto the tape (dispatch → autograd),
     * whose gradients are operations again (autograd → op), and Backends names the backends (backend → onednn).
     */
    private record CoreAsOne() implements SliceAssignment {
        private static final Set<String> CORE = Set.of("tensor", "op", "dispatch", "autograd", "memory", "backend");

        @Override
        public SliceIdentifier getIdentifierOf(JavaClass type) {
            String name = type.getPackageName();
            if (!name.startsWith(ENGINE)) {
                return SliceIdentifier.ignore();
            }
            String first = name.substring(ENGINE.length()).split("\\.")[0];
            return SliceIdentifier.of(CORE.contains(first) ? "core" : first);
        }

        @Override
        public String getDescription() {
            return "packages of the engine, those of the core as one";
        }
    }
}
