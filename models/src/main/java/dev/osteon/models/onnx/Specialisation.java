package dev.osteon.models.onnx;

import dev.osteon.engine.memory.TensorScope;
import dev.osteon.engine.tensor.DType;
import dev.osteon.engine.tensor.Device;
import dev.osteon.engine.tensor.Tensor;
import dev.osteon.models.onnx.value.HostArray;
import dev.osteon.models.onnx.value.Value;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.HashMap;
import java.util.HashSet;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * A program for inputs of certain shapes: what those shapes decide is computed once and kept, and only the rest is run
 * again. Closing it lets go of what it keeps.
 *
 * @param steps what is left to do
 * @param fixed edges whose elements are known
 * @param dying edges that no later step reads, by step
 */
record Specialisation(List<Program.Step> steps, Map<String, Value> fixed, List<List<String>> dying,
        Map<HostArray, Tensor> uploads, Set<HostArray> kept) implements AutoCloseable {

    /**
     * @param constants arrays that the model brings with it
     * @param outputs   what must live to the end
     */
    static Specialisation of(List<Program.Step> steps, Map<String, Value> fixed, Collection<HostArray> constants,
            Collection<String> outputs) {
        Map<String, Integer> last = new HashMap<>();
        for (int i = 0; i < steps.size(); i++) {
            for (String input : steps.get(i).node().inputs()) {
                last.put(input, i);
            }
            for (String output : steps.get(i).node().outputs()) {
                last.putIfAbsent(output, i);
            }
        }
        List<List<String>> dying = new ArrayList<>();
        steps.forEach(step -> dying.add(new ArrayList<>()));
        Set<String> living = new HashSet<>(outputs);
        last.forEach((name, step) -> {
            if (!living.contains(name) && !fixed.containsKey(name)) {
                dying.get(step).add(name);
            }
        });
        Set<HostArray> kept = Collections.newSetFromMap(new IdentityHashMap<>());
        kept.addAll(constants);
        fixed.values().forEach(value -> {
            if (value instanceof Value.OnHost(HostArray array)) {
                kept.add(array);
            }
        });
        return new Specialisation(steps, fixed, dying, new IdentityHashMap<>(), kept);
    }

    /** A host array on the device: once for all runs when its elements are known, else for the innermost scope. */
    Tensor upload(HostArray array, Device device, DType floating) {
        if (!kept.contains(array)) {
            return array.upload(device, floating);
        }
        return uploads.computeIfAbsent(array, a -> TensorScope.detach(a.upload(device, floating)));
    }

    @Override
    public void close() {
        uploads.values().forEach(Tensor::close);
        fixed.values().forEach(value -> {
            if (value instanceof Value.OnDevice(Tensor tensor)) {
                tensor.close();
            }
        });
    }
}
