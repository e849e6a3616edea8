package dev.osteon.models.onnx;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.osteon.engine.tensor.Device;
import dev.osteon.engine.tensor.Tensor;
import dev.osteon.models.onnx.conformance.Outcome;
import dev.osteon.models.onnx.conformance.Outcome.Verdict;
import dev.osteon.models.onnx.conformance.Runner;
import dev.osteon.models.onnx.conformance.TestCase;
import dev.osteon.models.onnx.conformance.TestSuite;
import java.io.IOException;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** ONNX's own suites: nothing fails, and what is skipped says why. */
class ConformanceSuitesTest {

    /** Their fully connected layers are hundreds of megabytes; {@code osteon onnx conformance} runs them. */
    private static final Set<String> LARGE = Set.of("light_vgg19", "light_bvlc_alexnet", "light_zfnet512");

    private static List<Outcome> run(String suite, Set<String> without) throws IOException {
        long before = Tensor.live();
        Runner runner = new Runner(Device.CPU);
        List<Outcome> outcomes = TestSuite.read(SharedData.at("onnx/" + suite)).stream()
                .filter(test -> !without.contains(test.name())).map(runner::run).toList();
        assertThat(outcomes.stream().filter(o -> o.verdict() == Verdict.FAILED)).isEmpty();
        assertThat(outcomes).allSatisfy(o -> assertThat(o.verdict() == Verdict.SKIPPED && o.detail().isBlank())
                .as(o.name()).isFalse());
        assertThat(Tensor.live()).as("open tensors").isEqualTo(before);
        return outcomes;
    }

    private static Set<String> passed(List<Outcome> outcomes) {
        return outcomes.stream().filter(o -> o.verdict() == Verdict.PASSED).map(Outcome::name)
                .collect(Collectors.toSet());
    }

    @ParameterizedTest
    @CsvSource({"onnx-node-tests.tar.gz, node_tests_for_sam_ops_latest.json, 432, 1477",
        "onnx-node-tests-v1.12.0.tar.gz, node_tests_for_sam_ops_v1.12.0.json, 270, 831",
        "onnx-node-tests-v1.7.0.tar.gz, node_tests_for_sam_ops_v1.7.0.json, 224, 698"})
    void singleOperations(String suite, String list, int listed, int atLeast) throws IOException {
        Set<String> wanted = new TreeSet<>();
        JsonNode ops = new ObjectMapper().readTree(SharedData.at("onnx/" + list).toFile());
        ops.forEach(tests -> tests.forEach(test -> wanted.add(test.asText())));
        Set<String> passed = passed(run(suite, Set.of()));
        assertThat(wanted).hasSize(listed);
        assertThat(passed).containsAll(wanted).hasSizeGreaterThanOrEqualTo(atLeast);
    }

    @Test
    void topologies() throws IOException {
        Set<String> passed = passed(run("onnx-light-simple-pytorch-tests.tar.gz", LARGE));
        assertThat(passed).contains("light_resnet50", "light_densenet121", "light_inception_v1", "light_inception_v2",
                "light_shufflenet", "light_squeezenet").hasSizeGreaterThanOrEqualTo(130);
    }

    @Test
    void aWrongExpectationFails() throws IOException {
        TestCase right = TestSuite.read(SharedData.at("onnx/onnx-node-tests-v1.7.0.tar.gz")).stream()
                .filter(test -> test.name().equals("test_relu")).findFirst().orElseThrow();
        TestCase.DataSet set = right.dataSets().getFirst();
        TestCase wrong = new TestCase(right.name(), right.model(),
                List.of(new TestCase.DataSet(set.inputs(), set.inputs())), right.folder());
        assertThat(new Runner(Device.CPU).run(wrong).verdict()).isEqualTo(Verdict.FAILED);
    }
}
