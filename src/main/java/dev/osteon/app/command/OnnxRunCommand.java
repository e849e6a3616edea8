package dev.osteon.app.command;

import dev.osteon.app.UserError;
import dev.osteon.app.run.Devices;
import dev.osteon.engine.io.Npy;
import dev.osteon.engine.memory.TensorScope;
import dev.osteon.models.onnx.OnnxModel;
import dev.osteon.models.onnx.graph.ValueInfo;
import dev.osteon.models.onnx.value.ElementType;
import dev.osteon.models.onnx.value.HostArray;
import dev.osteon.models.onnx.value.Line;
import dev.osteon.models.onnx.value.Value;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.stream.Collectors;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code osteon onnx run}: a model over arrays in NumPy's files. */
@Command(name = "run", mixinStandardHelpOptions = true,
        description = "Runs a model over .npy files and writes its outputs as such.",
        footer = {"", "Examples:", "  osteon onnx run encoder.onnx        (lists the inputs that it expects)",
            "  osteon onnx run encoder.onnx --input input=x.npy --out results"})
public final class OnnxRunCommand implements Callable<Integer> {

    @Spec
    private CommandSpec spec;

    @Parameters(index = "0", paramLabel = "FILE", description = "An ONNX model.")
    private Path file;

    @Option(names = "--input", paramLabel = "NAME=FILE", description = "An input's values, once for each input.")
    private Map<String, Path> inputs = new LinkedHashMap<>();

    @Option(names = "--out", paramLabel = "DIR", defaultValue = "outputs",
            description = "Where NAME.npy of each output goes (default: ${DEFAULT-VALUE}).")
    private Path out;

    @Option(names = "--device", defaultValue = "cpu", description = "cpu (default) or reference.")
    private String device;

    @Override
    public Integer call() throws IOException {
        PrintWriter lines = spec.commandLine().getOut();
        try (TensorScope _ = TensorScope.open();
                OnnxModel model = OnnxModel.load(file, Devices.choose(device, 0))) {
            requireInputs(model.inputs(), lines);
            Map<String, Value> values = new LinkedHashMap<>();
            for (Map.Entry<String, Path> input : inputs.entrySet()) {
                values.put(input.getKey(), value(model, input.getKey(), Npy.read(input.getValue())));
            }
            Set<Path> written = new HashSet<>();
            for (Map.Entry<String, Value> output : model.run(values).entrySet()) {
                Path target = free(output.getKey(), written);
                HostArray array = output.getValue().toHost();
                npy(array).write(target);
                lines.println(target + "  " + array);
            }
        }
        lines.flush();
        return 0;
    }

    private void requireInputs(List<ValueInfo> expected, PrintWriter lines) {
        List<String> names = expected.stream().map(ValueInfo::name).toList();
        if (inputs.keySet().equals(Set.copyOf(names))) {
            return;
        }
        expected.forEach(input -> lines.println(Line.of("input       " + input)));
        lines.flush();
        throw new UserError(Line.of(file + ": given " + (inputs.isEmpty() ? "no inputs" : "inputs " + inputs.keySet())
                + "; expected " + names + ", each as a file of NumPy's: "
                + names.stream().map(OnnxRunCommand::example).collect(Collectors.joining(" "))));
    }

    /** As one would type it into a shell. */
    private static String example(String name) {
        String given = name + "=" + fileName(name) + ".npy";
        return "--input " + (given.matches("[A-Za-z0-9._/:=-]+") ? given : "'" + given.replace("'", "'\\''") + "'");
    }

    private static String fileName(String edge) {
        return edge.replaceAll("[^A-Za-z0-9._-]", "_");
    }

    /** The output's file; two names that differ only in what file names cannot have get different ones. */
    private Path free(String output, Set<Path> taken) {
        String name = fileName(output);
        Path target = out.resolve(name + ".npy");
        for (int i = 2; !taken.add(target); i++) {
            target = out.resolve(name + "-" + i + ".npy");
        }
        return target;
    }

    /** Real numbers on the device; others as the type that the model declares. */
    private static Value value(OnnxModel model, String name, Npy array) {
        ElementType declared = model.inputs().stream().filter(i -> i.name().equals(name)).findFirst()
                .flatMap(ValueInfo::type).orElse(array.isFloating() ? ElementType.FLOAT : ElementType.INT64);
        if (declared == ElementType.STRING) {
            throw new UserError("--input " + name + ": given numbers; the model expects strings, which .npy files do "
                    + "not hold");
        }
        HostArray host = declared.isReal() ? HostArray.of(declared, array.shape(), array.doubles())
                : HostArray.of(declared, array.shape(), array.longs());
        return declared.isComputed() ? Value.of(host.upload(model.device(), model.floating())) : Value.of(host);
    }

    private static Npy npy(HostArray array) {
        if (!array.type().isReal()) {
            return Npy.of(array.shape(), array.integers());
        }
        float[] values = new float[array.size()];
        for (int i = 0; i < values.length; i++) {
            values[i] = (float) array.reals()[i];
        }
        return Npy.of(array.shape(), values);
    }
}
