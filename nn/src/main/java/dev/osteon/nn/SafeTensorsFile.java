package dev.osteon.nn;

import dev.osteon.engine.EngineException;
import dev.osteon.engine.io.SafeTensors;
import dev.osteon.engine.tensor.DType;
import dev.osteon.engine.tensor.HostData;
import dev.osteon.engine.tensor.TensorSpec;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.SequencedMap;

/** Between networks' parameters and safetensors files. */
final class SafeTensorsFile {

    private SafeTensorsFile() {}

    static Weights read(Path file) throws IOException {
        if (!Files.isRegularFile(file)) {
            throw new java.nio.file.NoSuchFileException(file.toString());
        }
        SafeTensors read;
        try {
            read = SafeTensors.map(file, Arena.ofAuto());   // mapped as long as any tensor reads from it
        } catch (IOException e) {
            throw new EngineException(e.getMessage() + "; expected a complete file; fetch or save it again", e);
        }
        SequencedMap<String, StoredTensor> tensors = new LinkedHashMap<>();
        read.tensors().forEach((name, entry) ->
                tensors.put(name, new StoredTensor(entry.spec().shape(), () -> values(entry))));
        return new Weights(file.toString(), tensors, read.metadata());
    }

    private static double[] values(SafeTensors.Entry entry) {
        double[] values = new double[Math.toIntExact(entry.spec().shape().size())];
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment aligned = arena.allocate(Math.max(8, entry.data().byteSize()), 8).copyFrom(entry.data());
            for (int i = 0; i < values.length; i++) {
                values[i] = HostData.get(aligned, entry.spec().dtype(), i);
            }
        }
        return values;
    }

    static void write(Path file, SequencedMap<String, Parameter> tensors, Map<String, String> metadata)
            throws IOException {
        Map<String, SafeTensors.Entry> entries = new LinkedHashMap<>();
        try (Arena arena = Arena.ofConfined()) {
            tensors.forEach((name, parameter) -> entries.put(name, entry(parameter, arena)));
            new SafeTensors(entries, metadata).write(file);
        }
    }

    private static SafeTensors.Entry entry(Parameter parameter, Arena arena) {
        DType dtype = parameter.tensor().dtype();
        double[] values = parameter.values();
        MemorySegment data = arena.allocate(Math.max(8, (long) values.length * dtype.bytes()), 8);
        for (int i = 0; i < values.length; i++) {
            HostData.set(data, dtype, i, values[i]);
        }
        TensorSpec spec = TensorSpec.of(parameter.shape(), dtype);
        return new SafeTensors.Entry(spec, data.asSlice(0, spec.bytes()));
    }
}
