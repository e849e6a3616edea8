package dev.osteon.nn;

import static org.assertj.core.api.Assertions.assertThat;

import dev.osteon.engine.autograd.Gradients;
import dev.osteon.engine.autograd.Tape;
import dev.osteon.engine.memory.TensorScope;
import dev.osteon.engine.op.LarcStep;
import dev.osteon.engine.op.Ops;
import dev.osteon.engine.op.SgdStep;
import dev.osteon.engine.tensor.Tensor;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.SequencedMap;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** The optimisers against torch.optim.SGD and NVIDIA apex's LARC, step by step, in float64. */
class GoldenOptimizerTest {

    private static final String AFTER = "out.params_after_each_step.";

    static Stream<Golden> sgd() {
        return Golden.family("sgd").stream();
    }

    static Stream<Golden> larc() {
        return Golden.family("larc").stream();
    }

    @ParameterizedTest
    @MethodSource
    void sgd(Golden golden) {
        SgdStep.Nesterov nesterov = golden.hyper("nesterov").asBoolean() ? SgdStep.Nesterov.YES : SgdStep.Nesterov.NO;
        SequencedMap<String, Parameter> parameters = parameters(golden);
        ParameterGroup group = new ParameterGroup(parameters, golden.number("weight_decay"));
        check(golden, parameters, new Sgd(List.of(group), golden.number("momentum"), nesterov));
    }

    @ParameterizedTest
    @MethodSource
    void larc(Golden golden) {
        LarcStep.Mode mode = golden.hyper("clip").asBoolean() ? LarcStep.Mode.CLIP : LarcStep.Mode.SCALE;
        Larc.Settings settings = new Larc.Settings(golden.number("momentum"), golden.number("trust_coefficient"),
                golden.number("eps"), mode);
        SequencedMap<String, Parameter> parameters = parameters(golden);
        ParameterGroup all = new ParameterGroup(parameters, golden.number("weight_decay"));
        List<ParameterGroup> groups = golden.number("param_groups") == 1 ? List.of(all)
                : List.of(all.where(p -> p.shape().rank() > 1, all.weightDecay()),
                        all.where(p -> p.shape().rank() <= 1, 0));
        check(golden, parameters, new Larc(groups, settings));
    }

    private static SequencedMap<String, Parameter> parameters(Golden golden) {
        SequencedMap<String, Parameter> parameters = new LinkedHashMap<>();
        golden.tensors().tensors().keySet().stream().filter(name -> name.startsWith("param."))
                .map(name -> name.substring("param.".length()))
                .forEach(name -> parameters.put(name, golden.parameter(name)));
        return parameters;
    }

    private static void check(Golden golden, SequencedMap<String, Parameter> parameters, Optimizer optimizer) {
        long before = Tensor.live();
        double[] rates = golden.values("in.lr_per_step");
        for (int step = 0; step < rates.length; step++) {
            step(golden, parameters, optimizer, step, rates[step]);
            for (Parameter p : parameters.values()) {
                golden.checkFrom(AFTER + p.name(), Math.toIntExact(step * p.tensor().size()), p.values());
            }
        }
        optimizer.state().forEach((name, buffer) -> {
            if (golden.has("out.momentum_buffer." + name)) {
                golden.check("out.momentum_buffer." + name, buffer.values());
            }
        });
        assertThat(optimizer.state()).hasSameSizeAs(parameters);
        optimizer.close();
        assertThat(Tensor.live()).isEqualTo(before);
        parameters.values().forEach(Parameter::close);
    }

    /** The given gradients reach the optimiser as those of Σ gradient·p, which they are. */
    private static void step(Golden golden, SequencedMap<String, Parameter> parameters, Optimizer optimizer, int step,
            double rate) {
        List<Tensor> tensors = parameters.values().stream().map(Parameter::tensor).toList();
        try (TensorScope _ = TensorScope.open(); Tape tape = Tape.watching(tensors)) {
            List<Tensor> terms = new ArrayList<>();
            for (Parameter p : parameters.values()) {
                boolean frozen = p.name().equals("frozen_two_steps") && step < 2;
                if (!frozen) {
                    terms.add(Ops.sum(Ops.mul(golden.row("in.grads." + p.name(), step), p.tensor())).reshape(1));
                }
            }
            Tensor loss = Ops.sum(Ops.concat(0, terms));
            try (Gradients gradients = tape.gradients(loss, tensors)) {
                long skipped = Arrays.stream(tensors.toArray(Tensor[]::new))
                        .filter(t -> gradients.find(t).isEmpty()).count();
                assertThat(skipped).isEqualTo(tensors.size() - terms.size());
                optimizer.step(gradients, rate);
            }
        }
    }
}
