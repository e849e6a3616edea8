package dev.osteon.nn;

import dev.osteon.engine.EngineException;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SequencedMap;
import java.util.function.Function;

/**
 * Named tensors on their way between a safetensors file and a network; torchvision's names fit without translation.
 *
 * @param source   where they come from, for error messages
 * @param tensors  by full name
 * @param metadata the file's own strings; {@code architecture} names the network
 */
public record Weights(String source, SequencedMap<String, StoredTensor> tensors, Map<String, String> metadata) {

    /** Key of the metadata under which files name the network. */
    public static final String ARCHITECTURE = "architecture";

    private static final int NAMED_AT_MOST = 5;

    /**
     * Opens a safetensors file; values are read when they are used.
     *
     * @throws IOException when it cannot be read
     * @throws EngineException when it is no safetensors file, or is cut short
     */
    public static Weights read(Path file) throws IOException {
        return SafeTensorsFile.read(file);
    }

    /** Writes a network's parameters and buffers, flushed to disk. */
    public static void write(Path file, Module module) throws IOException {
        SafeTensorsFile.write(file, namesOf(module), Map.of(ARCHITECTURE, module.architecture()));
    }

    /** These weights with one tensor changed. */
    public Weights with(String name, Function<StoredTensor, StoredTensor> change) {
        SequencedMap<String, StoredTensor> changed = new LinkedHashMap<>(tensors);
        changed.computeIfPresent(name, (n, tensor) -> change.apply(tensor));
        return new Weights(source, changed, metadata);
    }

    /** Those under {@code prefix}, without it: {@code backbone.} gives the encoder of a pretext checkpoint. */
    public Weights under(String prefix) {
        SequencedMap<String, StoredTensor> chosen = new LinkedHashMap<>();
        tensors.forEach((name, tensor) -> {
            if (name.startsWith(prefix)) {
                chosen.put(name.substring(prefix.length()), tensor);
            }
        });
        return new Weights(source + " under " + prefix, chosen, metadata);
    }

    /** What loading did: names loaded, the network's names that the file lacks, the file's that the network lacks. */
    public record Loaded(List<String> loaded, List<String> missing, List<String> unexpected) {}

    /**
     * What {@link #loadInto} would do.
     *
     * @throws EngineException for a tensor of another shape; it names the tensor, both shapes and both architectures
     */
    public Loaded plan(Module module) {
        return plan(namesOf(module), module.architecture());
    }

    /**
     * Overwrites the parameters and buffers of {@code module}. Nothing is changed when anything does not fit.
     * PyTorch's {@code num_batches_tracked} is passed over.
     *
     * @throws EngineException for a tensor of another shape, and with {@link Match#STRICT} for names that differ;
     *                         it names the tensors and both architectures
     */
    public Loaded loadInto(Module module, Match match) {
        return load(namesOf(module), module.architecture(), match);
    }

    static SequencedMap<String, Parameter> namesOf(Module module) {
        SequencedMap<String, Parameter> all = new LinkedHashMap<>(module.parameters());
        all.putAll(module.buffers());
        return all;
    }

    Loaded load(SequencedMap<String, Parameter> wanted, String architecture, Match match) {
        Loaded plan = plan(wanted, architecture);
        if (match == Match.STRICT && !(plan.missing.isEmpty() && plan.unexpected.isEmpty())) {
            throw mismatch(architecture, "missing " + some(plan.missing) + ", unexpected " + some(plan.unexpected));
        }
        if (plan.loaded.isEmpty() && !wanted.isEmpty()) {
            throw mismatch(architecture, "no name in common; there " + some(List.copyOf(tensors.keySet())) + ", here "
                    + some(plan.missing));
        }
        plan.loaded.forEach(name -> wanted.get(name).assign(tensors.get(name).values().get()));
        return plan;
    }

    private Loaded plan(SequencedMap<String, Parameter> wanted, String architecture) {
        List<String> loaded = new ArrayList<>();
        List<String> missing = new ArrayList<>();
        wanted.forEach((name, parameter) -> {
            StoredTensor stored = tensors.get(name);
            if (stored == null) {
                missing.add(name);
            } else if (stored.shape().equals(parameter.shape())) {
                loaded.add(name);
            } else {
                throw mismatch(architecture,
                        name + " is " + stored.shape() + " there and " + parameter.shape() + " here");
            }
        });
        List<String> unexpected = tensors.keySet().stream()
                .filter(name -> !wanted.containsKey(name) && !name.endsWith("num_batches_tracked")).toList();
        return new Loaded(loaded, missing, unexpected);
    }

    private EngineException mismatch(String architecture, String what) {
        return new EngineException(source + " is a checkpoint of another architecture: given "
                + metadata.getOrDefault(ARCHITECTURE, "an unnamed one") + ", expected " + architecture + "; " + what
                + "; build the network that the file was saved from, or load another file");
    }

    private static String some(List<String> names) {
        String first = String.join(", ", names.subList(0, Math.min(NAMED_AT_MOST, names.size())));
        int more = names.size() - NAMED_AT_MOST;
        return names.isEmpty() ? "none" : "[" + first + (more > 0 ? " and " + more + " more]" : "]");
    }
}
