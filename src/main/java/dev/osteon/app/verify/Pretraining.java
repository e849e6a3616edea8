package dev.osteon.app.verify;

import dev.osteon.engine.autograd.Gradients;
import dev.osteon.engine.autograd.Tape;
import dev.osteon.engine.memory.TensorScope;
import dev.osteon.engine.op.LarcStep;
import dev.osteon.engine.tensor.Shape;
import dev.osteon.engine.tensor.Tensor;
import dev.osteon.models.EncoderWithHead;
import dev.osteon.models.HashedWeights;
import dev.osteon.models.ProjectionHead;
import dev.osteon.models.ResNetSpec;
import dev.osteon.nn.Initializer;
import dev.osteon.nn.Larc;
import dev.osteon.nn.Module;
import dev.osteon.nn.Sequential;
import dev.osteon.nn.schedule.CosineSchedule;
import dev.osteon.nn.schedule.LearningRate;
import dev.osteon.ssl.loss.Batch;
import dev.osteon.ssl.loss.MultiCropLoss;
import dev.osteon.ssl.loss.SslMethod;
import dev.osteon.ssl.loss.Swav;
import dev.osteon.ssl.train.PretextModel;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SequencedMap;

/** The family of pretext training over some steps: network, multi-crop, method, LARC and schedule together. */
final class Pretraining {

    private static final int INPUTS = 3;

    private Pretraining() {}

    static void register(Map<String, Family> families) {
        SwavCases.register(families);
        families.put("trajectory_ssl", (golden, target, comparison) -> {
            if (golden.hyper("method").asText().equals("swav")) {
                swav(golden, target, comparison);
            } else {
                pairs(golden, target, comparison);
            }
        });
    }

    private static Larc larc(GoldenCase golden, Module model) {
        return Larc.of(model, golden.number("weight_decay"), new Larc.Settings(golden.number("momentum"),
                golden.number("trust_coefficient"), golden.number("eps"),
                golden.hyper("clip").asBoolean() ? LarcStep.Mode.CLIP : LarcStep.Mode.SCALE));
    }

    /** SimCLR, SupCon and VICReg: the last loss is after all steps. */
    private static void pairs(GoldenCase golden, Family.Target target, Comparison comparison) {
        int hidden = 64;
        int dim = golden.integer("dim");
        ResNetSpec spec = ResNetSpec.of(ResNetSpec.Block.BASIC, 1, 1, 1, 1);
        ProjectionHead.Settings head = golden.hyper("method").asText().equals("vicreg")
                ? ProjectionHead.Settings.vicreg(spec.features(), hidden, dim)
                : ProjectionHead.Settings.plain(spec.features(), hidden, dim);
        SslMethod method = SslLosses.pairLoss(golden, target).overMultiCrop(MultiCropLoss.Reduction.SUM);
        int steps = golden.integer("steps");
        LearningRate schedule = new CosineSchedule(golden.number("base_lr"), 0, steps);
        Initializer init = Initializer.on(target.device(), target.dtype(), 0);
        try (EncoderWithHead network = new EncoderWithHead(init, spec, head)) {
            PretextModel model = new PretextModel(network, method);
            Trajectory run = new Trajectory(golden, target, comparison, model, model);
            try (Larc larc = larc(golden, model)) {
                for (int step = 0; step < steps; step++) {
                    run.step(step, step % INPUTS, new Batch.Moment(0, step), larc, schedule.at(step));
                }
            }
            run.lossAfterwards(steps, steps % INPUTS);
            run.checkFinal();
        }
    }

    private static void swav(GoldenCase golden, Family.Target target, Comparison comparison) {
        ResNetSpec spec = ResNetSpec.of(ResNetSpec.Block.BOTTLENECK, 1, 1, 1, 1).withWidth(32).withGroupWidth(32);
        int dim = golden.integer("dim");
        Initializer init = Initializer.on(target.device(), target.dtype(), 0);
        Swav.Settings settings = new Swav.Settings(golden.integer("prototypes"), golden.number("temperature"),
                golden.number("epsilon"), golden.integer("sinkhorn_iterations"),
                golden.integer("freeze_prototypes_niters"), golden.integer("queue_rows"),
                golden.integer("epoch_queue_starts"));
        int perEpoch = golden.integer("iters_per_epoch");
        double[] rates = golden.values("in.lr_per_iteration");
        try (EncoderWithHead network = new EncoderWithHead(init, spec,
                ProjectionHead.Settings.swav(spec.features(), 64, dim));
                Swav method = new Swav(init, dim, golden.integer("batch"), settings, MultiCropLoss.Reduction.MEAN)) {
            PretextModel model = new PretextModel(network, method);
            Trajectory run = new Trajectory(golden, target, comparison, model, officialNames(model));
            try (Larc larc = larc(golden, model)) {
                for (int step = 0; step < rates.length; step++) {
                    run.step(step, step, new Batch.Moment(step / perEpoch, step), larc, rates[step]);
                }
            }
            run.checkFinal();
            comparison.check("out.prototypes_final", method.prototypes().weight().values());
            if (golden.has("out.queue_final")) {
                comparison.check("out.queue_final", SwavCases.queue(method));
            }
        }
    }

    /** SwAV's code has the backbone's parts at the top and calls the head {@code projection_head}. */
    private static Module officialNames(PretextModel model) {
        SequencedMap<String, Module> parts = new LinkedHashMap<>(model.network().backbone().children());
        parts.put("projection_head", model.network().head());
        parts.putAll(model.method().state().children());
        return new Sequential(parts);
    }

    /** @param named the model under the names of the case */
    private record Trajectory(GoldenCase golden, Family.Target target, Comparison comparison, PretextModel model,
            Module named, Map<String, double[]> before) {

        Trajectory(GoldenCase golden, Family.Target target, Comparison comparison, PretextModel model, Module named) {
            this(golden, target, comparison, model, named, new LinkedHashMap<>());
            HashedWeights.fill(named, golden.hyper("seed").asLong(), HashedWeights.Profile.PLAIN,
                    HashedWeights.Running.FRESH);
            named.parameters().forEach((name, p) -> before.put(name, p.values()));
        }

        void step(int step, int inputs, Batch.Moment moment, Larc larc, double rate) {
            List<Tensor> parameters = model.trainable();
            model.method().beforeForward();
            try (TensorScope scope = TensorScope.open(); Tape tape = Tape.watching(parameters)) {
                Tensor z = model.network().forward(crops(inputs));
                if (step == 0 && golden.has("out.z_step0")) {
                    comparison.check("out.z_step0", z.toDoubles());
                }
                Tensor loss = model.method().loss(SwavCases.batch(z, golden.integer("batch"), moment));
                comparison.check("out.losses", step, loss.item());
                try (Gradients gradients = tape.gradients(loss, parameters)) {
                    if (step == 0 && golden.has("out.first_grad.norm")) {
                        Summaries.check(comparison, "out.first_grad", golden.strings("param_names"),
                                name -> gradients.of(named.parameters().get(name).tensor()).toDoubles());
                    }
                    model.method().beforeUpdate(gradients, moment);
                    larc.step(gradients, rate);
                }
            }
        }

        void lossAfterwards(int step, int inputs) {
            try (TensorScope scope = TensorScope.open()) {
                Tensor z = model.network().forward(crops(inputs));
                comparison.check("out.losses", step, model.method()
                        .loss(SwavCases.batch(z, golden.integer("batch"), Batch.Moment.START)).item());
            }
        }

        void checkFinal() {
            Summaries.check(comparison, "out.param_final", golden.strings("param_names"),
                    name -> named.parameters().get(name).values());
            Summaries.check(comparison, "out.param_change", golden.strings("param_names"), name -> {
                double[] change = named.parameters().get(name).values();
                Arrays.setAll(change, i -> change[i] - before.get(name)[i]);
                return change;
            });
            Summaries.check(comparison, "out.running_final", golden.strings("buffer_names"),
                    name -> named.buffers().get(name).values());
        }

        /** One tensor for each resolution, view-major, as the case's {@code crops} says. */
        private List<Tensor> crops(int step) {
            int globals = golden.integer("global_views");
            int views = globals + golden.integer("local_views");
            List<Tensor> resolutions = new ArrayList<>();
            resolutions.add(crops(step, 0, globals, golden.integer("global_size")));
            if (views > globals) {
                resolutions.add(crops(step, globals, views, golden.integer("local_size")));
            }
            return resolutions;
        }

        private Tensor crops(int step, int fromView, int toView, int size) {
            long seed = golden.hyper("seed").asLong();
            int whole = golden.integer("global_size");
            int planes = golden.integer("batch") * 3;
            double[] base = HashedWeights.u(seed, "step" + step + ".base", planes * whole * whole);
            double[] pixels = new double[(toView - fromView) * planes * size * size];
            int at = 0;
            for (int v = fromView; v < toView; v++) {
                double[] own = HashedWeights.u(seed, "step" + step + ".view" + v, planes * size * size);
                int top = size == whole ? 0 : 5 * v % (whole - size + 1);
                int left = size == whole ? 0 : 11 * v % (whole - size + 1);
                for (int i = 0; i < own.length; i++) {
                    int x = i % size + left;
                    int y = i / size % size + top;
                    pixels[at++] = (float) (0.5 * base[(i / size / size * whole + y) * whole + x] + 0.5 * own[i]);
                }
            }
            return Tensor.of(target.device(), Shape.of((toView - fromView) * planes / 3, 3, size, size),
                    target.dtype(), pixels);
        }
    }
}
