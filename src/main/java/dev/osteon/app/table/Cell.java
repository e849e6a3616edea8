package dev.osteon.app.table;

import dev.osteon.app.config.RunConfig;
import dev.osteon.app.config.RunConfig.Data.SplitBy;
import dev.osteon.app.config.RunConfig.Method;
import dev.osteon.app.config.RunConfig.Views.Sampling;
import java.util.Locale;

/**
 * One run of the table.
 *
 * @param trial from 1; it changes the seed, and with it split, weights, order and views
 */
record Cell(Row row, int trial) {

    /** What the trials of a row have in common. */
    record Row(Method method, Sampling sampling, SplitBy split) {

        /** As in {@code simclr-extended-subject}. */
        String name() {
            return (method + "-" + sampling + "-" + split).toLowerCase(Locale.ROOT);
        }

        /** For people. */
        String title() {
            return Names.of(method) + ", " + Names.of(sampling) + ", split by " + split.name().toLowerCase(Locale.ROOT);
        }
    }

    String name() {
        return row.name() + "-" + trial;
    }

    /** The cell's run on data that all cells share. */
    RunConfig config(RunConfig base, String folder) {
        RunConfig.Data d = base.data();
        RunConfig.Views v = base.views();
        return new RunConfig(base.preset(), base.seed() + trial - 1, base.device(), base.threads(), base.precision(),
                base.memory(), row.method,
                new RunConfig.Data(folder, d.task(), row.split, d.longestSide(), d.subjects(), d.phantomScale()),
                new RunConfig.Views(v.globalCount(), v.globalSize(), v.globalMinScale(), v.globalMaxScale(),
                        v.localCount(), v.localSize(), v.localMinScale(), v.localMaxScale(), v.rotationDegrees(),
                        row.sampling, v.minShare(), v.maxTries()),
                base.encoder(), base.head(), base.pretrain(), base.simclr(), base.supcon(), base.swav(), base.vicreg(),
                base.probe(), base.evaluation());
    }
}
