package dev.osteon.app.explain;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.osteon.app.UserError;
import dev.osteon.engine.memory.TensorScope;
import dev.osteon.engine.tensor.Tensor;
import dev.osteon.ssl.loss.Batch;
import dev.osteon.ssl.loss.NtXent;
import dev.osteon.ssl.loss.SupCon;
import dev.osteon.ssl.loss.VicReg;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.regex.Pattern;
import java.util.stream.DoubleStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

class LessonTest {

    private static final Example SMALL = new Example(4, 8, 1);

    private static List<String> stepsOf(LossName name) {
        return switch (name) {
            case NTXENT -> List.of("Embeddings", "Normalised embeddings", "Similarity matrix", "Scaled logits",
                    "Diagonal mask", "Softmax with the partners marked", "Loss of each anchor", "Loss");
            case SUPCON -> List.of("Embeddings", "Normalised embeddings", "Scaled similarities without the diagonal",
                    "Labels of the rows", "Positive mask", "Log-probabilities",
                    "Mean over the positives of each anchor", "Mean over the anchors, and the factor t / t_base");
            case SWAV -> List.of("Embeddings, normalised", "Prototypes, normalised", "Scores", "Where Sinkhorn starts",
                    "Sinkhorn, iteration 1 of 3", "Sinkhorn, iteration 2 of 3", "Sinkhorn, iteration 3 of 3", "Codes",
                    "Predictions", "Swapped cross-entropies", "Loss");
            case VICREG -> List.of("Embeddings", "Invariance", "Means of the dimensions",
                    "Standard deviations and hinge", "Covariance matrices", "Off-diagonal squares",
                    "Three terms, their weights, and the loss");
        };
    }

    @ParameterizedTest
    @EnumSource
    void thePageHasEveryStepTheGradientAndTheClassAndFetchesNothing(LossName name) {
        long live = Tensor.live();
        Lesson lesson = Lesson.of(name, SMALL);
        assertThat(Tensor.live()).isEqualTo(live);
        assertThat(lesson.steps()).extracting(Step::name).isEqualTo(stepsOf(name));
        String page = lesson.page();
        for (int i = 0; i < lesson.steps().size(); i++) {
            Step step = lesson.steps().get(i);
            assertThat(page).contains("<h2>" + (i + 1) + ". " + step.name() + "</h2>", step.code().place());
            step.shown().forEach(heat -> assertThat(page).contains("<figcaption>" + heat.name()));
        }
        lesson.code().forEach(excerpt -> assertThat(page).contains(excerpt.place()));
        assertThat(page).contains("autograd  [8, 8]", "central differences  [8, 8]", "difference of the two  [8, 8]",
                "The largest |difference| is <b>" + String.format(Locale.ROOT, "%.2e", lesson.largestDisagreement()),
                String.format(Locale.ROOT, "%.12f", lesson.loss()));
        assertThat(page).doesNotContain("http:", "https:", "<script", "src=", "href=\"/", ">NaN", ">Infinity");
        for (String element : List.of("section", "figure", "svg", "div", "table", "pre", "p")) {
            assertThat(count(page, "<" + element + "[ >]")).as(element).isEqualTo(count(page, "</" + element + ">"));
        }
    }

    private static long count(String page, String pattern) {
        return Pattern.compile(pattern).matcher(page).results().count();
    }

    @ParameterizedTest
    @CsvSource({"4, 8, 1", "2, 2, 1", "2, 64, 2", "3, 5, 3", "9, 3, 4", "12, 7, -5"})
    void theStepsArriveAtTheLossAndTheGradientIsRight(int batch, int dim, long seed) {
        for (LossName name : LossName.values()) {
            Lesson lesson = Lesson.of(name, new Example(batch, dim, seed));
            assertThat(lesson.walked()).as(name.label())
                    .isCloseTo(lesson.loss(), within(1e-9 * Math.abs(lesson.loss())));
            assertThat(lesson.largestDisagreement()).as(name.label()).isLessThan(1e-6);
            assertThat(lesson.gradient().tape()).hasSize(2 * batch * dim);
            assertThat(DoubleStream.of(lesson.gradient().tape()).map(Math::abs).max().orElse(0)).as(name.label())
                    .isGreaterThan(1e3 * lesson.largestDisagreement());
        }
    }

    @ParameterizedTest
    @EnumSource
    void theSeedDecidesEveryByte(LossName name) {
        String page = Lesson.of(name, SMALL).page();
        assertThat(Lesson.of(name, SMALL).page()).isEqualTo(page);
        Lesson other = Lesson.of(name, new Example(4, 8, 2));
        assertThat(other.loss()).isNotEqualTo(Lesson.of(name, SMALL).loss());
        assertThat(other.page()).isNotEqualTo(page);
    }

    @ParameterizedTest
    @EnumSource
    void shownLinesAreThoseOfTheSourceFiles(LossName name) throws IOException {
        Lesson lesson = Lesson.of(name, SMALL);
        for (Step step : lesson.steps()) {
            check(step.code(), Path.of("main/java/dev/osteon/app/explain"));
        }
        assertThat(lesson.code()).isNotEmpty();
        for (Excerpt excerpt : lesson.code()) {
            check(excerpt, Path.of("../ssl/src/main/java/dev/osteon/ssl/loss"));
            assertThat(excerpt.lines().getLast().text()).isEqualTo("}");
        }
    }

    private static void check(Excerpt excerpt, Path folder) throws IOException {
        List<String> file = Files.readAllLines(folder.resolve(excerpt.file()));
        assertThat(excerpt.lines()).isNotEmpty().allSatisfy(line -> assertThat(file.get(line.number() - 1).strip())
                .startsWith(line.text().strip()));
    }

    @Test
    void aLineThatHasGoneIsMissed() {
        Source source = Source.of(NtXentWalk.class);
        assertThatThrownBy(() -> source.step("gone")).hasMessageContaining("NtXentWalk.java has no line");
        assertThatThrownBy(() -> source.method("void gone(")).hasMessageContaining("NtXentWalk.java has no method");
        assertThatThrownBy(() -> Source.of(Axis.class)).hasMessageContaining("Axis.java is not beside the class");
    }

    @Test
    void otherConventionsAreWalkedToo() {
        try (TensorScope scope = TensorScope.open()) {
            List<Walk> walks = List.of(new NtXentWalk(new NtXent(0.5, NtXent.Anchors.SUM_OF_VIEWS)),
                    new SupConWalk(new SupCon(0.3, 0.3, SupCon.Anchors.ALL), SMALL.labels()),
                    new VicRegWalk(new VicReg(3, 5, 7, 0.1, VicReg.Branches.SUM)));
            for (Walk walk : walks) {
                double loss = walk.loss(SMALL.views()).item();
                assertThat(walk.walk(SMALL.views(), Steps.UNSEEN).item()).as(walk.title())
                        .isCloseTo(loss, within(1e-9 * loss));
            }
        }
    }

    @Test
    void shownCodesAreThoseOfSinkhornKnopp() {
        try (TensorScope scope = TensorScope.open(); SwavWalk walk = SwavWalk.of(SMALL)) {
            Steps.Written steps = new Steps.Written(Source.of(SwavWalk.class));
            walk.walk(SMALL.views(), steps);
            List<Tensor> codes = walk.swav().record(Batch.of(SMALL.views())).codes();
            List<Heat> shown = steps.steps().stream().filter(step -> step.name().equals("Codes")).findFirst()
                    .orElseThrow().shown();
            for (int view = 0; view < 2; view++) {
                assertThat(shown.get(view).values()).containsExactly(codes.get(view).toDoubles(), within(1e-12));
                for (int row = 0; row < 4; row++) {
                    assertThat(shown.get(view).rowTotal(row)).isCloseTo(1, within(1e-12));
                }
            }
        }
    }

    @Test
    void shownTermsAreThoseOfVicReg() {
        try (TensorScope scope = TensorScope.open()) {
            Steps.Written steps = new Steps.Written(Source.of(VicRegWalk.class));
            new VicRegWalk().walk(SMALL.views(), steps);
            VicReg.Terms terms = VicReg.OFFICIAL.terms(SMALL.views().get(0), SMALL.views().get(1));
            assertThat(steps.steps().getLast().shown().getFirst().values()).containsExactly(new double[] {
                terms.invariance().item(), terms.variance().item(), terms.covariance().item()}, within(1e-12));
        }
    }

    @Test
    void onlySwavHoldsSomethingBackAndItMatters() {
        for (LossName name : LossName.values()) {
            Lesson lesson = Lesson.of(name, SMALL);
            assertThat(lesson.gradient().largestUnheld().isPresent()).isEqualTo(name == LossName.SWAV);
            lesson.gradient().largestUnheld().ifPresent(off -> assertThat(off).isGreaterThan(1e-3));
        }
    }

    @Test
    void sizesThatNobodyCanReadAreRefused() {
        assertThatThrownBy(() -> new Example(1, 8, 1)).isInstanceOf(UserError.class).hasMessageContaining("--batch");
        assertThatThrownBy(() -> new Example(4, 65, 1)).isInstanceOf(UserError.class).hasMessageContaining("--dim");
    }
}
