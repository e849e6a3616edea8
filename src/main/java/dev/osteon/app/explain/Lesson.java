package dev.osteon.app.explain;

import dev.osteon.engine.memory.TensorScope;
import dev.osteon.engine.tensor.Tensor;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * A loss on one batch: what there is to show of it.
 *
 * @param loss     of the class that trains
 * @param walked   the same by the steps
 * @param heldBack what no gradient flows through
 * @param code     where {@code loss} is written
 */
public record Lesson(LossName name, Example example, String title, String purpose, Map<String, String> settings,
        double loss, double walked, List<Step> steps, LossGradient gradient, Optional<String> heldBack,
        List<Excerpt> code) {

    private static final double AGREEMENT = 1e-9;

    /**
     * Computes everything.
     *
     * @throws IllegalStateException when the steps do not arrive at the loss: then the page would teach something wrong
     */
    public static Lesson of(LossName name, Example example) {
        try (TensorScope scope = TensorScope.open(); Walk walk = name.walk(example)) {
            List<Tensor> views = example.views();
            Steps.Written steps = new Steps.Written(Source.of(walk.getClass()));
            double walked = walk.walk(views, steps).item();
            double loss = walk.loss(views).item();
            if (!(Math.abs(walked - loss) <= AGREEMENT * Math.abs(loss))) {
                throw new IllegalStateException(name.label() + ": the steps give " + walked + ", the class that trains "
                        + loss + " for " + example + "; expected the same");
            }
            return new Lesson(name, example, walk.title(), walk.purpose(), walk.settings(), loss, walked,
                    List.copyOf(steps.steps()), LossGradient.of(walk, views), walk.heldBack(), walk.code());
        }
    }

    /** The page, complete in itself. */
    public String page() {
        return new LessonPage(this).html();
    }

    /** The largest |autograd − central difference| of the gradient. */
    public double largestDisagreement() {
        return gradient.largestDisagreement();
    }
}
