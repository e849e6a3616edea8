package dev.osteon.app.run;

import dev.osteon.app.config.RunConfig;
import dev.osteon.models.ProjectionHead;
import dev.osteon.nn.Initializer;
import dev.osteon.ssl.collapse.SwavAdvice;
import dev.osteon.ssl.loss.NtXent;
import dev.osteon.ssl.loss.SslMethod;
import dev.osteon.ssl.loss.SupCon;
import dev.osteon.ssl.loss.Supervised;
import dev.osteon.ssl.loss.Swav;
import dev.osteon.ssl.loss.VicReg;
import dev.osteon.ssl.train.ClassWeights;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;

/** The methods by their names in a configuration: the one place where a new one is registered. */
record Methods(RunConfig config) {

    /** The method, its own parameters on the device of {@code init}; the classes' weights are for the baseline. */
    SslMethod create(Initializer init, SwavAdvice data, ClassWeights.Pair classes) {
        RunConfig.Pretrain p = config.pretrain();
        return switch (config.method()) {
            case SIMCLR -> new NtXent(p.temperature(), config.simclr().anchors()).overMultiCrop(p.reduction());
            case SUPCON -> new SupCon(p.temperature(), config.supcon().baseTemperature(), config.supcon().anchors())
                    .overMultiCrop(Supervised.CLASSES, p.reduction());
            case SWAV -> new Swav(init.child("swav"), head().output(), data.batch(), swav(data), p.reduction());
            case VICREG -> new VicReg(config.vicreg().invariance(), config.vicreg().variance(),
                    config.vicreg().covariance(), VicReg.OFFICIAL.epsilon(), config.vicreg().branches())
                    .overMultiCrop(p.reduction());
            case SUPERVISED -> new Supervised(classes.negative(), classes.positive());
        };
    }

    /** The configured head, with the sizes of the method's official code for a ResNet-50 where it says 0. */
    RunConfig.Head head() {
        RunConfig.Head asked = config.head();
        RunConfig.Head published = switch (config.method()) {
            case SIMCLR, SUPCON, SWAV, SUPERVISED -> new RunConfig.Head(2048, 128, 2);
            case VICREG -> new RunConfig.Head(8192, 8192, 3);
        };
        return new RunConfig.Head(asked.hidden() == 0 ? published.hidden() : asked.hidden(),
                asked.output() == 0 ? published.output() : asked.output(),
                asked.layers() == 0 ? published.layers() : asked.layers());
    }

    /** The head of the method's official code, with the configured sizes; of the baseline, the linear classifier. */
    ProjectionHead.Settings head(int features) {
        RunConfig.Head head = head();
        List<Integer> all = new ArrayList<>(List.of(features));
        all.addAll(Collections.nCopies(head.layers() - 1, head.hidden()));
        all.add(head.output());
        Integer[] sizes = all.toArray(Integer[]::new);
        return switch (config.method()) {
            case SIMCLR -> ProjectionHead.Settings.simclr(sizes);
            case SUPCON -> ProjectionHead.Settings.plain(sizes);
            case SUPERVISED -> ProjectionHead.Settings.plain(features, Supervised.CLASSES);
            case SWAV -> ProjectionHead.Settings.swav(sizes);
            case VICREG -> ProjectionHead.Settings.vicreg(sizes);
        };
    }

    /** What to say of the method's settings before training on these data; empty when they suit. */
    List<String> advice(SwavAdvice data) {
        return config.method() == RunConfig.Method.SWAV ? data.on(swav(data)) : List.of();
    }

    private Swav.Settings swav(SwavAdvice data) {
        RunConfig.Swav s = config.swav();
        Swav.Settings suitable = data.recommended();
        return new Swav.Settings(s.prototypes() == 0 ? suitable.prototypes() : s.prototypes(),
                config.pretrain().temperature(), s.epsilon(), s.iterations(),
                s.freezeSteps() < 0 ? suitable.freezeSteps() : s.freezeSteps(), s.queueRows(), s.queueFromEpoch());
    }
}
