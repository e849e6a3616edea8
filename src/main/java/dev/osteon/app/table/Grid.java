package dev.osteon.app.table;

import dev.osteon.app.UserError;
import dev.osteon.app.config.RunConfig;
import dev.osteon.app.config.RunConfig.Data.SplitBy;
import dev.osteon.app.config.RunConfig.Method;
import dev.osteon.app.config.RunConfig.Views.Sampling;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;

/**
 * All runs of the table.
 *
 * @param base   what they have in common; its folder of data is empty for a phantom that they share
 * @param trials of each method with each augmentation, 1 or more
 */
record Grid(RunConfig base, List<Method> methods, List<SplitBy> splits, int trials) {

    Grid {
        methods = List.copyOf(methods);
        splits = List.copyOf(splits);
        if (trials < 1 || methods.isEmpty() || splits.isEmpty()) {
            throw new UserError("table2: given " + trials + " trials of the methods " + methods
                    + "; expected 1 or more of at least one method");
        }
    }

    /** Rows of the table: split by split, method by method, without the extension and with it. */
    List<Cell.Row> rows() {
        List<Cell.Row> rows = new ArrayList<>();
        for (SplitBy split : splits) {
            for (Method method : methods) {
                for (Sampling sampling : Sampling.values()) {
                    rows.add(new Cell.Row(method, sampling, split));
                }
            }
        }
        return rows;
    }

    /** First one trial of every row, so that a table with a gap nowhere is there early. */
    List<Cell> cells() {
        return IntStream.rangeClosed(1, trials).boxed()
                .flatMap(trial -> rows().stream().map(row -> new Cell(row, trial))).toList();
    }
}
