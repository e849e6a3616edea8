package dev.osteon.engine.backend.reference;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.DynamicTest.dynamicTest;

import dev.osteon.engine.dispatch.Dispatcher;
import dev.osteon.engine.memory.TensorScope;
import dev.osteon.engine.op.LarcStep;
import dev.osteon.engine.op.Op;
import dev.osteon.engine.op.Ops;
import dev.osteon.engine.op.SgdStep;
import dev.osteon.engine.tensor.Device;
import dev.osteon.engine.tensor.Shape;
import dev.osteon.engine.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;

/** Optimiser steps against apex LARC and torch.optim.SGD. */
class GoldenOptimizerTest {

    @TestFactory
    Stream<DynamicTest> optimizers() {
        return GoldenCase.required().stream().flatMap(folder -> Stream.of("sgd", "larc")
                .flatMap(family -> GoldenCase.ofFamily(folder, family).stream()))
                .map(golden -> dynamicTest(golden + "", () -> check(golden)));
    }

    private static void check(GoldenCase golden) {
        try (TensorScope scope = TensorScope.open()) {
            for (String name : golden.names("param.")) {
                follow(golden, name.substring("param.".length()));
            }
        }
    }

    private static void follow(GoldenCase golden, String name) {
        double[] rates = golden.values("in.lr_per_step");
        Tensor p = golden.tensor("param." + name);
        Tensor buffer = Ops.full(Device.REFERENCE, p.shape(), p.dtype(), 0);
        Tensor gradients = golden.tensor("in.grads." + name);
        List<Double> path = new ArrayList<>();
        for (int step = 0; step < rates.length; step++) {
            boolean skipped = name.equals("frozen_two_steps") && step < 2;
            if (!skipped) {
                Tensor g = Ops.reshape(Ops.slice(gradients, 0, step, 1), p.shape().toArray());
                Tensor rate = Ops.full(Device.REFERENCE, Shape.of(1), p.dtype(), rates[step]);
                Dispatcher.runAll(step(golden, p.rank()), List.of(p, g, buffer, rate));
            }
            for (double value : p.toDoubles()) {
                path.add(value);
            }
        }
        golden.requireNear("out.params_after_each_step." + name, path.stream().mapToDouble(d -> d).toArray());
        if (golden.has("out.momentum_buffer." + name)) {
            golden.requireNear("out.momentum_buffer." + name, buffer.toDoubles());
        }
        assertThat(path).isNotEmpty();
    }

    private static Op step(GoldenCase golden, int rank) {
        double momentum = golden.hyper("momentum").asDouble();
        double decay = golden.hyper("weight_decay").asDouble();
        if (!golden.entry().get("family").asText().equals("larc")) {
            return new SgdStep(momentum, decay, golden.hyper("nesterov").asBoolean()
                    ? SgdStep.Nesterov.YES : SgdStep.Nesterov.NO);
        }
        boolean withoutDecay = golden.hyper("param_groups").asInt() == 2 && rank == 1;
        return new LarcStep(momentum, withoutDecay ? 0 : decay, golden.hyper("trust_coefficient").asDouble(),
                golden.hyper("eps").asDouble(),
                golden.hyper("clip").asBoolean() ? LarcStep.Mode.CLIP : LarcStep.Mode.SCALE);
    }
}
