package dev.osteon.app.verify;

import dev.osteon.engine.autograd.Gradients;
import dev.osteon.engine.autograd.Tape;
import dev.osteon.engine.memory.TensorScope;
import dev.osteon.engine.op.Activation;
import dev.osteon.engine.op.LarcStep;
import dev.osteon.engine.op.Ops;
import dev.osteon.engine.op.SgdStep;
import dev.osteon.engine.tensor.Shape;
import dev.osteon.engine.tensor.Tensor;
import dev.osteon.models.HashedWeights;
import dev.osteon.models.ResNet;
import dev.osteon.models.ResNetSpec;
import dev.osteon.nn.BatchNorm;
import dev.osteon.nn.Initializer;
import dev.osteon.nn.Larc;
import dev.osteon.nn.Mode;
import dev.osteon.nn.Optimizer;
import dev.osteon.nn.Parameter;
import dev.osteon.nn.ParameterGroup;
import dev.osteon.nn.Sgd;
import dev.osteon.nn.schedule.CosineSchedule;
import dev.osteon.nn.schedule.LearningRate;
import dev.osteon.nn.schedule.SupconSchedule;
import dev.osteon.nn.schedule.SwavSchedule;
import dev.osteon.nn.schedule.VicregSchedule;
import dev.osteon.nn.schedule.WarmRestarts;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SequencedMap;

/** The families about training: batch-norm's statistics, optimisers, schedules, whole networks. */
final class Training {

    private static final String AFTER = "out.params_after_each_step.";

    private Training() {}

    static void register(Map<String, Family> families) {
        families.put("batch_norm", Training::batchNorm);
        families.put("schedule", Training::schedule);
        families.put("sgd", Training::sgd);
        families.put("larc", Training::larc);
        families.put("resnet", Training::resnet);
        families.put("trajectory_supervised", Training::trajectory);
    }

    private static void batchNorm(GoldenCase golden, Family.Target target, Comparison comparison) {
        Initializer init = Initializer.on(target.device(), target.dtype(), 0);
        try (BatchNorm norm = new BatchNorm(init, golden.shape("param.weight").dim(0), Activation.NONE,
                golden.number("eps"), golden.number("momentum"))) {
            norm.parameters().forEach((name, p) -> p.assign(golden.values("param." + name)));
            norm.buffers().forEach((name, p) -> p.assign(golden.values("state." + name)));
            norm.mode(golden.hyper("training").asBoolean() ? Mode.TRAIN : Mode.EVAL);
            for (int step = 0; golden.has("in.x_before" + step); step++) {
                norm.forward(golden.tensor("in.x_before" + step, target.device(), target.dtype()));
            }
            Tensor x = golden.tensor("in.x", target.device(), target.dtype());
            List<Tensor> watched = new ArrayList<>(norm.trainable());
            watched.add(x);
            try (Tape tape = Tape.watching(watched)) {
                Tensor y = norm.forward(x);
                comparison.check("out.y", y.toDoubles());
                Tensor upstream = golden.tensor("up.y", target.device(), target.dtype());
                try (Gradients gradients = tape.gradients(y, upstream, watched)) {
                    comparison.check("grad.x", gradients.of(x).toDoubles());
                    norm.parameters().forEach((name, p) ->
                            comparison.check("grad." + name, gradients.of(p.tensor()).toDoubles()));
                }
            }
            norm.buffers().forEach((name, p) -> comparison.check("out." + name, p.values()));
        }
    }

    private static void schedule(GoldenCase golden, Family.Target target, Comparison comparison) {
        LearningRate rate = rate(golden);
        double[] rates = new double[Math.toIntExact(golden.shape("out.lr").size())];
        Arrays.setAll(rates, rate::at);
        comparison.check("out.lr", rates);
    }

    private static LearningRate rate(GoldenCase golden) {
        var hyper = golden.entry().path("hyper");
        if (hyper.has("T_max")) {
            return new CosineSchedule(golden.number("base_lr"), golden.number("eta_min"), golden.integer("T_max"));
        }
        if (hyper.has("T_0")) {
            return new WarmRestarts(golden.number("base_lr"), golden.number("eta_min"), golden.integer("T_0"),
                    golden.integer("T_mult"));
        }
        if (hyper.has("lr_decay_rate")) {
            return new SupconSchedule(golden.number("learning_rate"), golden.number("lr_decay_rate"),
                    golden.integer("epochs"));
        }
        int perEpoch = golden.integer("iters_per_epoch");
        int warmup = golden.integer("warmup_epochs") * perEpoch;
        int total = golden.integer("epochs") * perEpoch;
        if (hyper.has("batch_size")) {
            return new VicregSchedule(golden.number("base_lr"), golden.integer("batch_size"), warmup, total);
        }
        return new SwavSchedule(golden.number("start_warmup"), golden.number("base_lr"), golden.number("final_lr"),
                warmup, total);
    }

    private static void sgd(GoldenCase golden, Family.Target target, Comparison comparison) {
        SgdStep.Nesterov nesterov = golden.hyper("nesterov").asBoolean() ? SgdStep.Nesterov.YES : SgdStep.Nesterov.NO;
        SequencedMap<String, Parameter> parameters = parameters(golden, target);
        ParameterGroup group = new ParameterGroup(parameters, golden.number("weight_decay"));
        optimise(golden, target, comparison, parameters, new Sgd(List.of(group), golden.number("momentum"), nesterov));
    }

    private static void larc(GoldenCase golden, Family.Target target, Comparison comparison) {
        SequencedMap<String, Parameter> parameters = parameters(golden, target);
        ParameterGroup all = new ParameterGroup(parameters, golden.number("weight_decay"));
        List<ParameterGroup> groups = golden.integer("param_groups") == 1 ? List.of(all)
                : List.of(all.where(p -> p.shape().rank() > 1, all.weightDecay()),
                        all.where(p -> p.shape().rank() <= 1, 0));
        optimise(golden, target, comparison, parameters, new Larc(groups, settings(golden, golden.number("momentum"))));
    }

    private static Larc.Settings settings(GoldenCase golden, double momentum) {
        return new Larc.Settings(momentum, golden.number("trust_coefficient"), golden.number("eps"),
                golden.hyper("clip").asBoolean() ? LarcStep.Mode.CLIP : LarcStep.Mode.SCALE);
    }

    private static SequencedMap<String, Parameter> parameters(GoldenCase golden, Family.Target target) {
        SequencedMap<String, Parameter> parameters = new LinkedHashMap<>();
        golden.names("param.").forEach(name -> parameters.put(name, Parameter.of(name, target.device(),
                golden.shape("param." + name), target.dtype(), golden.values("param." + name))));
        return parameters;
    }

    private static void optimise(GoldenCase golden, Family.Target target, Comparison comparison,
            SequencedMap<String, Parameter> parameters, Optimizer optimizer) {
        try (optimizer) {
            double[] rates = golden.values("in.lr_per_step");
            for (int step = 0; step < rates.length; step++) {
                step(golden, target, parameters, optimizer, step, rates[step]);
                for (Parameter p : parameters.values()) {
                    comparison.check(AFTER + p.name(), Math.toIntExact(step * p.tensor().size()), p.values());
                }
            }
            optimizer.state().forEach((name, buffer) -> {
                if (golden.has("out.momentum_buffer." + name)) {
                    comparison.check("out.momentum_buffer." + name, buffer.values());
                }
            });
        } finally {
            parameters.values().forEach(Parameter::close);
        }
    }

    /** The given gradients reach the optimiser as those of Σ gradient·p, which they are. */
    private static void step(GoldenCase golden, Family.Target target, SequencedMap<String, Parameter> parameters,
            Optimizer optimizer, int step, double rate) {
        List<Tensor> tensors = parameters.values().stream().map(Parameter::tensor).toList();
        try (TensorScope scope = TensorScope.open(); Tape tape = Tape.watching(tensors)) {
            List<Tensor> terms = new ArrayList<>();
            for (Parameter p : parameters.values()) {
                boolean absent = p.name().equals("frozen_two_steps") && step < 2;
                if (!absent) {
                    Tensor all = golden.tensor("in.grads." + p.name(), target.device(), target.dtype());
                    Tensor gradient = Ops.reshape(Ops.slice(all, 0, step, 1), p.shape().toArray());
                    terms.add(Ops.reshape(Ops.sum(Ops.mul(gradient, p.tensor())), 1));
                }
            }
            Tensor loss = Ops.sum(Ops.concat(0, terms));
            try (Gradients gradients = tape.gradients(loss, tensors)) {
                optimizer.step(gradients, rate);
            }
        }
    }

    private static ResNet network(GoldenCase golden, Family.Target target) {
        ResNet net = new ResNet(Initializer.on(target.device(), target.dtype(), 0),
                ResNetSpec.named(golden.hyper("arch").asText()).withClasses(golden.integer("classes")));
        boolean hashed = golden.entry().path("hyper").path("running_stats").asText().equals("hashed");
        HashedWeights.Profile profile = golden.hyper("profile").asText().equals("gated") ? HashedWeights.Profile.GATED
                : HashedWeights.Profile.PLAIN;
        HashedWeights.fill(net, golden.hyper("seed").asLong(), profile,
                hashed ? HashedWeights.Running.HASHED : HashedWeights.Running.FRESH);
        return net;
    }

    private static Tensor input(GoldenCase golden, Family.Target target) {
        Shape shape = Shape.of(golden.integers("input"));
        double[] u = HashedWeights.u(golden.hyper("seed").asLong(), "input.x", Math.toIntExact(shape.size()));
        return Tensor.of(target.device(), shape, target.dtype(), u);
    }

    private static Tensor labels(GoldenCase golden, Family.Target target) {
        int[] labels = golden.integers("labels");
        return Tensor.of(target.device(), Shape.of(labels.length), labels);
    }

    private static void resnet(GoldenCase golden, Family.Target target, Comparison comparison) {
        try (ResNet net = network(golden, target)) {
            boolean train = golden.hyper("mode").asText().equals("train");
            net.mode(train ? Mode.TRAIN : Mode.EVAL);
            Tensor x = input(golden, target);
            List<Tensor> watched = new ArrayList<>(net.trainable());
            watched.add(x);
            List<String> stages = golden.strings("stage_names");
            try (Tape tape = Tape.watching(watched)) {
                Tensor features = net.features(x, (stage, output) -> {
                    if (stages.contains(stage)) {
                        double[] values = output.toDoubles();
                        int at = stages.indexOf(stage);
                        comparison.check("out.stage.mean", at, Arrays.stream(values).average().orElse(Double.NaN));
                        Summaries.check(comparison, "out.stage", at, stage, values);
                    }
                });
                Tensor logits = net.classify(features);
                Tensor loss = Ops.crossEntropy(logits, labels(golden, target));
                comparison.check("out.features", features.toDoubles());
                comparison.check("out.logits", logits.toDoubles());
                comparison.check("out.loss", loss.item());
                try (Gradients gradients = tape.gradients(loss, watched)) {
                    Summaries.check(comparison, "out.param_grad", golden.strings("param_names"),
                            name -> gradients.of(net.parameters().get(name).tensor()).toDoubles());
                    Summaries.check(comparison, "out.input_grad", List.of("input.x"), name -> gradients
                            .of(x).toDoubles());
                    golden.names("grad.").forEach(name -> comparison.check("grad." + name,
                            gradients.of(net.parameters().get(name).tensor()).toDoubles()));
                }
            }
            if (train) {
                Summaries.check(comparison, "out.running", golden.strings("buffer_names"),
                        name -> net.buffers().get(name).values());
            }
        }
    }

    private static void trajectory(GoldenCase golden, Family.Target target, Comparison comparison) {
        int steps = golden.integer("steps");
        double[] rates = golden.values("in.lr_per_step");
        try (ResNet net = network(golden, target);
                Larc larc = Larc.of(net, golden.number("weight_decay"), settings(golden, 0.9))) {
            Map<String, double[]> before = new LinkedHashMap<>();
            net.parameters().forEach((name, p) -> before.put(name, p.values()));
            for (int step = 0; step <= steps; step++) {
                try (TensorScope scope = TensorScope.open(); Tape tape = Tape.watching(net.trainable())) {
                    Tensor logits = net.forward(input(golden, target));
                    Tensor loss = Ops.crossEntropy(logits, labels(golden, target));
                    comparison.check("out.losses", step, loss.item());
                    if (step == steps) {
                        comparison.check("out.final_logits_train_mode", logits.toDoubles());
                        Summaries.check(comparison, "out.running_final", golden.strings("buffer_names"),
                                name -> net.buffers().get(name).values());
                    } else {
                        try (Gradients gradients = tape.gradients(loss, net.trainable())) {
                            larc.step(gradients, rates[step]);
                        }
                    }
                }
            }
            Summaries.check(comparison, "out.param_final", golden.strings("param_names"),
                    name -> net.parameters().get(name).values());
            Summaries.check(comparison, "out.param_change", golden.strings("param_names"), name -> {
                double[] change = net.parameters().get(name).values();
                Arrays.setAll(change, i -> change[i] - before.get(name)[i]);
                return change;
            });
        }
    }
}
