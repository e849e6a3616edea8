package dev.osteon.bench.sam;

import dev.osteon.bench.Work;
import dev.osteon.engine.memory.TensorScope;
import dev.osteon.engine.tensor.Device;
import dev.osteon.engine.tensor.Shape;
import dev.osteon.engine.tensor.Tensor;
import dev.osteon.models.onnx.OnnxModel;
import dev.osteon.models.onnx.graph.Graph;
import dev.osteon.models.onnx.graph.GraphReader;
import dev.osteon.models.onnx.optimise.Optimiser;
import dev.osteon.models.onnx.value.Value;
import java.io.IOException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/** A half of Segment Anything on our CPU backend, from arrays to an array. */
public final class OsteonSam implements Work {

    private final OnnxModel model;
    private final Map<String, SamPart.Values> inputs;

    public OsteonSam(SamPart part, Path folder) throws IOException {
        Graph graph = GraphReader.read(folder.resolve(part.file()));
        Graph wanted = part.output().isEmpty() ? graph : graph.withOutputs(Set.of(part.output()));
        model = OnnxModel.of(Optimiser.optimised(wanted), Device.CPU, OnnxModel.Weights.FROZEN);
        inputs = part.inputs();
    }

    @Override
    public void run() {
        result();
    }

    @Override
    public Optional<Outcome> outcome() {
        return Optional.of(SamPart.outcome(result()));
    }

    private float[] result() {
        try (TensorScope scope = TensorScope.open()) {
            Map<String, Value> given = new LinkedHashMap<>();
            inputs.forEach((name, in) -> given.put(name, Value.of(Tensor.of(model.device(), Shape.of(in.shape()),
                    in.values()))));
            return switch (model.run(given).firstEntry().getValue()) {
                case Value.OnDevice(Tensor tensor) -> tensor.toFloats();
                case Value other -> throw new IllegalStateException("given " + other + "; expected a tensor");
            };
        }
    }

    @Override
    public void close() {
        model.close();
    }
}
