package dev.osteon.app.verify;

import com.fasterxml.jackson.databind.JsonNode;
import dev.osteon.engine.EngineException;
import dev.osteon.engine.io.SafeTensors;
import dev.osteon.engine.tensor.DType;
import dev.osteon.engine.tensor.Device;
import dev.osteon.engine.tensor.HostData;
import dev.osteon.engine.tensor.Shape;
import dev.osteon.engine.tensor.Tensor;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.StreamSupport;

/**
 * One case of a golden set: hyper-parameters, given and expected tensors.
 *
 * @param entry   its entry in the manifest
 * @param tensors its file
 */
record GoldenCase(JsonNode entry, SafeTensors tensors) {

    String id() {
        return entry.path("id").asText();
    }

    String family() {
        return entry.path("family").asText();
    }

    JsonNode hyper(String name) {
        JsonNode value = entry.path("hyper").path(name);
        if (value.isMissingNode()) {
            throw new EngineException("case " + id() + " has no hyper-parameter " + name);
        }
        return value;
    }

    double number(String name) {
        return hyper(name).asDouble();
    }

    int integer(String name) {
        return hyper(name).asInt();
    }

    int[] integers(String name) {
        return StreamSupport.stream(hyper(name).spliterator(), false).mapToInt(JsonNode::asInt).toArray();
    }

    List<String> strings(String name) {
        return StreamSupport.stream(hyper(name).spliterator(), false).map(JsonNode::asText).toList();
    }

    boolean has(String tensor) {
        return tensors.tensors().containsKey(tensor);
    }

    /** Names of the tensors that begin with {@code prefix}, without it. */
    List<String> names(String prefix) {
        List<String> names = new ArrayList<>();
        tensors.tensors().keySet().stream().filter(name -> name.startsWith(prefix))
                .forEach(name -> names.add(name.substring(prefix.length())));
        return names;
    }

    Shape shape(String tensor) {
        return entry(tensor).spec().shape();
    }

    double[] values(String tensor) {
        SafeTensors.Entry stored = entry(tensor);
        double[] values = new double[Math.toIntExact(stored.spec().shape().size())];
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment aligned = arena.allocate(Math.max(8, stored.data().byteSize()), 8).copyFrom(stored.data());
            for (int i = 0; i < values.length; i++) {
                values[i] = HostData.get(aligned, stored.spec().dtype(), i);
            }
        }
        return values;
    }

    private SafeTensors.Entry entry(String tensor) {
        SafeTensors.Entry stored = tensors.tensors().get(tensor);
        if (stored == null) {
            throw new EngineException("case " + id() + " has no tensor " + tensor);
        }
        return stored;
    }

    /** The tensor on {@code device} in the innermost scope: integers as they are, others in {@code floating}. */
    Tensor tensor(String name, Device device, DType floating) {
        SafeTensors.Entry stored = entry(name);
        DType dtype = stored.spec().dtype() == DType.F64 ? floating : stored.spec().dtype();
        return Tensor.of(device, stored.spec().shape(), dtype, values(name));
    }
}
