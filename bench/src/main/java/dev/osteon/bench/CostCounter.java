package dev.osteon.bench;

import dev.osteon.app.profile.Profile;
import dev.osteon.engine.dispatch.Dispatcher;
import dev.osteon.engine.dispatch.OpListener;
import dev.osteon.engine.op.Cost;
import dev.osteon.engine.op.Op;
import dev.osteon.engine.tensor.Tensor;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;

/** Adds up what each operation must do at least, by {@link Op#cost}, from its start until it is closed. */
final class CostCounter implements OpListener, AutoCloseable {

    private final Map<String, Profile.Row> rows = new LinkedHashMap<>();
    private final Dispatcher.Registration registration = Dispatcher.listen(this);

    private CostCounter() {}

    static CostCounter start() {
        return new CostCounter();
    }

    @Override
    public void ran(Op op, List<Tensor> inputs, List<Tensor> outputs, long nanos) {
        Cost cost = op.cost(inputs.stream().map(Tensor::spec).toList(), outputs.stream().map(Tensor::spec).toList());
        String shapes = inputs.stream().limit(4).map(tensor -> tensor.spec().toString())
                .collect(Collectors.joining(" ")) + (inputs.size() > 4 ? " … " + inputs.size() + " operands" : "");
        Profile.Row one = new Profile.Row(op.name(), shapes, "", "", 1, 0, cost.flops(), cost.bytes());
        rows.merge(op + shapes, one, (a, b) -> new Profile.Row(a.op(), a.shapes(), "", "", a.count() + 1, 0,
                a.flops() + b.flops(), a.bytes() + b.bytes()));
    }

    /** Operations alike in one row, with what all of them do together and no time. */
    List<Profile.Row> operations() {
        return List.copyOf(rows.values());
    }

    @Override
    public void close() {
        registration.close();
    }
}
