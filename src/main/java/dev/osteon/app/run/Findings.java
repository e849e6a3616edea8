package dev.osteon.app.run;

import dev.osteon.app.config.RunConfig;
import dev.osteon.app.data.Sample;
import dev.osteon.app.report.CurvePoint;
import dev.osteon.app.report.RunResult;
import dev.osteon.engine.random.Philox;
import dev.osteon.engine.views.DrawnView;
import dev.osteon.engine.views.View;
import dev.osteon.engine.views.ViewSampling;
import dev.osteon.ssl.data.Segment;
import dev.osteon.ssl.data.SegmentStore;
import dev.osteon.ssl.metrics.BinaryMetrics;
import dev.osteon.ssl.metrics.Bootstrap;
import dev.osteon.ssl.metrics.Interval;
import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** What a run's classifier comes to on its cohort: figures with intervals, and the pictures of a report. */
record Findings(RunConfig config, Cohort cohort, SegmentStore store, PrecisionChoice precision) {

    private static final int PICTURES = 4;

    /** The classifier with the decision thresholds that the configuration asks for. */
    Classifier decide(Classifier classifier, double[] scores) {
        Evaluation validation = of(cohort.splits().validation(), scores);
        RunConfig.Evaluation.Threshold rule = config.evaluation().threshold();
        return classifier.withThresholds(validation.threshold(rule), validation.bySubject().threshold(rule));
    }

    RunResult result(Classifier classifier, double[] scores, List<CurvePoint> curves, Map<String, Double> timing)
            throws IOException {
        Evaluation validation = of(cohort.splits().validation(), scores);
        Evaluation test = of(cohort.splits().test(), scores);
        Bootstrap bootstrap = new Bootstrap(config.evaluation().resamples(), config.seed());
        Map<String, Map<String, Interval>> figures = new LinkedHashMap<>();
        figures.put("test", test.figures(classifier.threshold(), bootstrap));
        figures.put("test per subject", test.bySubject().figures(classifier.subjectThreshold(), bootstrap));
        figures.put("validation", validation.figures(classifier.threshold(), bootstrap));
        Map<String, String> facts = new LinkedHashMap<>(Provenance.facts(config, store.device(), precision));
        facts.put("data hash (SHA-256)", cohort.samples().dataHash());
        return new RunResult(config, cohort.parts(), figures, classifier.threshold(),
                BinaryMetrics.roc(test.labels(), test.scores()), curves, classifier.chosen(), pictures(), timing,
                        facts);
    }

    /** Score, label and subject of each test sample, so that runs can be compared sample by sample. */
    String testScores(double[] scores) {
        StringBuilder lines = new StringBuilder("file,subject,label,score\n");
        for (int n : cohort.splits().test()) {
            Sample sample = cohort.samples().samples().get(n);
            lines.append(csv(sample.file().getFileName().toString())).append(',').append(csv(sample.subject()))
                    .append(',').append(sample.label()).append(',').append(scores[n]).append('\n');
        }
        return lines.toString();
    }

    private static String csv(String text) {
        return text.matches("[^,\"\\r\\n]*") ? text : '"' + text.replace("\"", "\"\"") + '"';
    }

    private Evaluation of(List<Integer> rows, double[] scores) {
        return Evaluation.of(rows, cohort.labels(), scores, cohort.subjects());
    }

    private List<RunResult.Picture> pictures() {
        List<Integer> train = cohort.splits().train();
        ViewSampling sampling = Pretraining.policy(config).sampling();
        List<RunResult.Picture> pictures = new ArrayList<>();
        Philox random = Philox.of(config.seed()).fork("pictures");
        int[] order = random.permutation(train.size());
        for (int i = 0; i < Math.min(PICTURES, order.length); i++) {
            int n = train.get(order[i]);
            Segment segment = store.segment(n);
            List<byte[]> views = new ArrayList<>();
            for (DrawnView drawn : sampling.draw(segment.geometry(), random.fork(n))) {
                View view = drawn.view();
                views.add(Pictures.png(store.picture(n, view), view.size(), view.size()));
            }
            Sample sample = cohort.samples().samples().get(n);
            pictures.add(new RunResult.Picture(sample.subject() + " " + sample.bone().orElse("") + ", "
                    + (sample.label() == 1 ? "osteoporosis" : "no osteoporosis"),
                    Pictures.png(segment.pixels(), segment.height(), segment.width()), views));
        }
        return pictures;
    }
}
