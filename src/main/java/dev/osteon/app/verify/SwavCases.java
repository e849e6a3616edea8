package dev.osteon.app.verify;

import dev.osteon.engine.autograd.Gradients;
import dev.osteon.engine.autograd.Tape;
import dev.osteon.engine.memory.TensorScope;
import dev.osteon.engine.op.Ops;
import dev.osteon.engine.tensor.Tensor;
import dev.osteon.nn.Initializer;
import dev.osteon.nn.Parameter;
import dev.osteon.ssl.loss.Batch;
import dev.osteon.ssl.loss.MultiCropLoss;
import dev.osteon.ssl.loss.Swav;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.DoubleStream;

/** The family of SwAV's loss: one step, or a sequence of them through the queue. */
final class SwavCases {

    private SwavCases() {}

    static void register(Map<String, Family> families) {
        families.put("swav_loss", (golden, target, comparison) -> {
            if (golden.has("in.raw_per_iteration")) {
                sequence(golden, target, comparison);
            } else {
                oneStep(golden, target, comparison);
            }
        });
    }

    private static Swav swav(GoldenCase golden, Family.Target target, MultiCropLoss.Reduction reduction) {
        boolean frozen = golden.entry().path("hyper").path("prototypes_frozen_this_iteration").asBoolean();
        int rows = golden.entry().path("hyper").has("queue_rows") ? golden.integer("queue_rows")
                : golden.hyper("queue_rows_and_kind").path(0).asInt();
        Swav swav = new Swav(Initializer.on(target.device(), target.dtype(), 0), golden.integer("dim"),
                golden.integer("batch"), new Swav.Settings(golden.integer("prototypes"), golden.number("temperature"),
                        golden.number("epsilon"), golden.integer("iterations"), frozen ? 1 : 0, rows, 0), reduction);
        swav.prototypes().weight().assign(golden.values("param.prototypes"));
        return swav;
    }

    /** A batch of rows [(2 + V)·B, d]. */
    static Batch batch(Tensor rows, int samples, Batch.Moment moment) {
        List<Tensor> views = new ArrayList<>();
        for (int row = 0; row < rows.dim(0); row += samples) {
            views.add(Ops.slice(rows, 0, row, samples));
        }
        return new Batch(views, Optional.empty(), moment);
    }

    /** The queues of all views, one after the other. */
    static double[] queue(Swav swav) {
        return swav.state().buffers().values().stream().flatMapToDouble(b -> DoubleStream.of(b.values())).toArray();
    }

    private static void fillQueue(GoldenCase golden, Swav swav) {
        if (golden.has("state.queue_before")) {
            double[] rows = golden.values("state.queue_before");
            int from = 0;
            for (Parameter view : swav.state().buffers().values()) {
                int count = Math.toIntExact(view.tensor().size());
                view.assign(Arrays.copyOfRange(rows, from, from + count));
                from += count;
            }
        }
    }

    private static void oneStep(GoldenCase golden, Family.Target target, Comparison comparison) {
        Tensor raw = golden.tensor("in.raw", target.device(), target.dtype());
        int samples = golden.integer("batch");
        try (Swav swav = swav(golden, target, MultiCropLoss.Reduction.SUM)) {
            fillQueue(golden, swav);
            swav.beforeForward();
            comparison.check("out.loss_paper_sum", swav.loss(batch(raw, samples, Batch.Moment.START)).item());
        }
        try (Swav swav = swav(golden, target, MultiCropLoss.Reduction.MEAN)) {
            fillQueue(golden, swav);
            swav.beforeForward();
            Tensor prototypes = swav.prototypes().weight().tensor();
            comparison.check("out.prototypes_normalised", prototypes.toDoubles());
            List<Tensor> watched = List.of(raw, prototypes);
            try (Tape tape = Tape.watching(watched)) {
                Batch batch = batch(raw, samples, Batch.Moment.START);
                Swav.Recorded recorded = swav.record(batch);
                comparison.check("out.q0", recorded.codes().get(0).toDoubles());
                comparison.check("out.q1", recorded.codes().get(1).toDoubles());
                comparison.check("out.loss", recorded.loss().item());
                try (Gradients gradients = tape.gradients(recorded.loss(), watched)) {
                    swav.beforeUpdate(gradients, batch.moment());
                    comparison.check("grad.raw", gradients.of(raw).toDoubles());
                    comparison.that(gradients.find(prototypes).isPresent() == golden.has("grad.prototypes"),
                            "a gradient of the prototypes unless they are frozen");
                    gradients.find(prototypes).ifPresent(g -> comparison.check("grad.prototypes", g.toDoubles()));
                }
            }
            if (golden.has("out.queue_after")) {
                comparison.check("out.queue_after", queue(swav));
            }
        }
    }

    private static void sequence(GoldenCase golden, Family.Target target, Comparison comparison) {
        Tensor all = golden.tensor("in.raw_per_iteration", target.device(), target.dtype());
        try (Swav swav = swav(golden, target, MultiCropLoss.Reduction.MEAN)) {
            for (int k = 0; k < all.dim(0); k++) {
                try (TensorScope scope = TensorScope.open()) {
                    Tensor raw = Ops.reshape(Ops.slice(all, 0, k, 1), all.dim(1), all.dim(2));
                    swav.beforeForward();
                    comparison.check("out.losses", k, swav.loss(batch(raw, golden.integer("batch"),
                            new Batch.Moment(0, k))).item());
                }
            }
            comparison.check("out.queue_after", queue(swav));
        }
    }
}
