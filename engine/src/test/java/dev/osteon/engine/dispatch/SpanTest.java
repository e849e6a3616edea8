package dev.osteon.engine.dispatch;

import static org.assertj.core.api.Assertions.assertThat;

import dev.osteon.engine.autograd.Gradients;
import dev.osteon.engine.autograd.Recomputation;
import dev.osteon.engine.autograd.Tape;
import dev.osteon.engine.memory.TensorScope;
import dev.osteon.engine.op.Op;
import dev.osteon.engine.op.Ops;
import dev.osteon.engine.tensor.Device;
import dev.osteon.engine.tensor.Shape;
import dev.osteon.engine.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class SpanTest {

    private final List<String> heard = new ArrayList<>();

    private final OpListener listener = new OpListener() {
        @Override
        public void ran(Op op, List<Tensor> inputs, List<Tensor> outputs, long nanos) {
            heard.add(op.name() + " in " + Span.innermost(Span.Kind.PHASE) + " of "
                    + Span.innermost(Span.Kind.MODULE));
        }

        @Override
        public void opened(Span span) {
            heard.add("+" + span.name());
        }

        @Override
        public void closed(Span span) {
            heard.add("-" + span.name());
        }
    };

    @Test
    void anOperationStandsInTheInnermostSpanOfEachKind() {
        try (Dispatcher.Registration on = Dispatcher.listen(listener); TensorScope scope = TensorScope.open()) {
            Tensor x = Tensor.of(Device.REFERENCE, Shape.of(2), new float[] {1, 2});
            try (Span step = Span.open(Span.Kind.STEP, "step 0"); Span phase = Span.open(Span.Kind.PHASE, "forward");
                    Span module = Span.open(Span.Kind.MODULE, "layer1");
                    Span part = Span.open(Span.Kind.MODULE, "fc")) {
                Ops.exp(x);
            }
            Ops.exp(x);
        }
        assertThat(heard).containsExactly("+step 0", "+forward", "+layer1", "+fc", "exp in forward of fc", "-fc",
                "-layer1", "-forward", "-step 0", "exp in  of ");
    }

    @Test
    void aGradientStandsInTheModuleOfItsOperation() {
        try (Dispatcher.Registration on = Dispatcher.listen(listener); TensorScope scope = TensorScope.open()) {
            Tensor x = Tensor.of(Device.REFERENCE, Shape.of(2), new float[] {1, 2});
            try (Tape tape = Tape.watching(x)) {
                Tensor y;
                try (Span module = Span.open(Span.Kind.MODULE, "fc")) {
                    y = Ops.exp(x);
                }
                Tensor loss = Ops.sum(y);
                heard.clear();
                try (Gradients gradients = tape.gradients(loss, List.of(x))) {
                    assertThat(gradients.of(x).toFloats()).hasSize(2);
                }
            }
        }
        assertThat(heard).startsWith("+backward").endsWith("-backward").contains("mul in backward of fc");
        assertThat(Span.innermost(Span.Kind.PHASE)).isEmpty();
    }

    @Test
    void aForwardPassThatIsRepeatedIsAPhaseOfItsOwn() {
        try (Dispatcher.Registration on = Dispatcher.listen(listener); TensorScope scope = TensorScope.open()) {
            Tensor x = Tensor.of(Device.REFERENCE, Shape.of(2), new float[] {1, 2});
            try (Tape tape = Tape.watching(x)) {
                Tensor y;
                try (Span module = Span.open(Span.Kind.MODULE, "fc")) {
                    y = Recomputation.of(Ops::exp, x);
                }
                Tensor loss = Ops.sum(y);
                heard.clear();
                tape.gradients(loss, List.of(x)).close();
            }
        }
        assertThat(heard).startsWith("+backward").endsWith("-backward").containsSubsequence("+recompute",
                "exp in recompute of fc", "-recompute", "mul in backward of fc");
    }

    @Test
    void nobodyListeningThereIsNoSpan() {
        try (Span span = Span.open(Span.Kind.PHASE, "forward")) {
            assertThat(Span.innermost(Span.Kind.PHASE)).isEmpty();
            assertThat(span.name()).isEmpty();
        }
        assertThat(heard).isEmpty();
    }
}
