package dev.osteon.models.onnx;

import dev.osteon.engine.EngineException;
import dev.osteon.engine.dispatch.Span;
import dev.osteon.engine.memory.TensorScope;
import dev.osteon.engine.tensor.DType;
import dev.osteon.engine.tensor.Device;
import dev.osteon.engine.tensor.Tensor;
import dev.osteon.models.onnx.graph.Node;
import dev.osteon.models.onnx.op.Call;
import dev.osteon.models.onnx.value.OnnxException;
import dev.osteon.models.onnx.value.Value;
import java.util.HashMap;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.BiConsumer;

/** One run of a specialised program: edges by name, each let go of after its last reader. */
final class Execution {

    private final Specialisation program;
    private final Device device;
    private final DType floating;
    private final Map<String, Value> edges;
    private final Map<Tensor, Integer> owned = new IdentityHashMap<>();

    /** @param given parameters, constants and inputs; they stay open */
    Execution(Specialisation program, Device device, DType floating, Map<String, Value> given) {
        this.program = program;
        this.device = device;
        this.floating = floating;
        this.edges = new HashMap<>(given);
        edges.putAll(program.fixed());
    }

    /** Runs all steps in a scope that the caller has open; {@code after} sees each node with its outputs. */
    Map<String, Value> run(BiConsumer<Program.Step, List<Value>> after) {
        for (int i = 0; i < program.steps().size(); i++) {
            Program.Step step = program.steps().get(i);
            List<Value> outputs = evaluate(step);
            after.accept(step, outputs);
            program.dying().get(i).forEach(this::release);
        }
        return edges;
    }

    private List<Value> evaluate(Program.Step step) {
        Node node = step.node();
        List<Optional<Value>> inputs = node.inputs().stream().map(name -> Optional.ofNullable(edges.get(name)))
                .toList();
        try (TensorScope scope = TensorScope.open(); Span span = Span.open(Span.Kind.MODULE, node.name())) {
            List<Value> outputs = step.entry().run(new Call(node, inputs, device, floating,
                    array -> program.upload(array, device, floating)));
            for (int i = 0; i < node.outputs().size(); i++) {
                if (node.wants(i)) {
                    if (i >= outputs.size()) {
                        throw new OnnxException(node.describe() + ": given " + node.outputs().size()
                                + " outputs; expected at most " + outputs.size());
                    }
                    put(node.outputs().get(i), outputs.get(i), scope);
                }
            }
            return outputs;
        } catch (OnnxException e) {
            throw e.getMessage().contains(node.name()) ? e : new OnnxException(node.describe() + ": " + e.getMessage(),
                    e);
        } catch (EngineException e) {
            throw new OnnxException(node.describe() + ": " + e.getMessage(), e);
        } catch (OutOfMemoryError e) {
            throw new OnnxException(node.describe() + ": needs more memory than the Java heap has", e);
        } catch (RuntimeException e) {      // an attribute or a size that no valid model has
            throw new OnnxException(node.describe() + ": given operands or attributes that do not fit together: "
                    + String.valueOf(e.getMessage()).split("\\R", 2)[0], e);
        }
    }

    private void put(String name, Value value, TensorScope scope) {
        if (value.rank() > Value.MOST_DIMENSIONS) {
            throw new OnnxException("given a result of " + value.rank() + " dimensions; expected at most "
                    + Value.MOST_DIMENSIONS);
        }
        if (value instanceof Value.OnDevice(Tensor tensor)) {
            boolean made = tensor.scope().orElse(null) == scope;
            if (made) {
                scope.keep(tensor);
            }
            if (made || owned.containsKey(tensor)) {
                owned.merge(tensor, 1, Integer::sum);
            }
        }
        edges.put(name, value);
    }

    private void release(String name) {
        if (edges.remove(name) instanceof Value.OnDevice(Tensor tensor)
                && owned.computeIfPresent(tensor, (t, names) -> names - 1) instanceof Integer left && left == 0) {
            owned.remove(tensor);
            tensor.close();
        }
    }
}
