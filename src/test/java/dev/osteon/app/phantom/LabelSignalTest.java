package dev.osteon.app.phantom;

import static org.assertj.core.api.Assertions.assertThat;

import dev.osteon.app.image.GrayImage;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/** The label must be in the bones' structure, not in their brightness. */
class LabelSignalTest {
    private static final int SUBJECTS = 160;
    private static final long SEED = 20;

    @Test
    void structureTellsOsteoporosisAndTheHistogramHardlyDoes() {
        PhantomConfig config = new PhantomConfig(SUBJECTS, SEED, PhantomConfig.QUICK_SCALE);
        List<List<GrayImage>> segments = IntStream.range(0, SUBJECTS).parallel().mapToObj(i -> {
            HandPhantom phantom = HandPhantom.render(Subject.draw(SEED, i), config);
            return phantom.masks().keySet().stream().map(bone -> phantom.segment(bone).orElseThrow()).toList();
        }).toList();
        boolean[] positive = new boolean[SUBJECTS];
        List<List<double[]>> histograms = new ArrayList<>();
        List<List<double[]>> structures = new ArrayList<>();
        double[] brightness = new double[SUBJECTS];
        for (int i = 0; i < SUBJECTS; i++) {
            positive[i] = Subject.draw(SEED, i).osteoporosis();
            histograms.add(segments.get(i).stream().map(SegmentFeatures::histogram).toList());
            structures.add(segments.get(i).stream().map(SegmentFeatures::structure).toList());
            brightness[i] = histograms.get(i).stream().mapToDouble(h -> h[h.length - 2]).average().orElseThrow();
        }
        double byBrightness = LogisticProbe.auc(brightness, positive);
        double byHistogram = LogisticProbe.auc(histograms, positive);
        double byStructure = LogisticProbe.auc(structures, positive);
        System.out.printf("AUC by brightness %.3f, histogram %.3f, structure %.3f%n", byBrightness, byHistogram,
                byStructure);
        assertThat(byBrightness).as("mean brightness").isBetween(0.35, 0.65);
        assertThat(byHistogram).as("histogram").isLessThan(0.72);
        assertThat(byStructure).as("structure").isGreaterThan(0.85).isGreaterThan(byHistogram + 0.15);
    }
}
