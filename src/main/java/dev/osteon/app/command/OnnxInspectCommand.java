package dev.osteon.app.command;

import dev.osteon.app.UserError;
import dev.osteon.app.run.Devices;
import dev.osteon.models.onnx.OnnxModel;
import dev.osteon.models.onnx.Survey;
import dev.osteon.models.onnx.graph.Graph;
import dev.osteon.models.onnx.graph.GraphReader;
import dev.osteon.models.onnx.graph.Node;
import dev.osteon.models.onnx.value.Line;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code osteon onnx inspect}: what a model is, and whether it runs here. */
@Command(name = "inspect", mixinStandardHelpOptions = true,
        description = "Inputs, outputs, operations, parameters and cost of a model, and what of it is not supported.",
        footer = {"", "Examples:", "  osteon onnx inspect encoder.onnx",
            "  osteon onnx inspect decoder.onnx --shape point_coords=1,7,2 \\",
            "    --shape point_labels=1,7", "",
            "The cost is that of one run over inputs of zeros; free sizes are 1 unless",
            "--shape gives them. The exit code is 1 when something is not supported."})
public final class OnnxInspectCommand implements Callable<Integer> {

    @Spec
    private CommandSpec spec;

    @Parameters(index = "0", paramLabel = "FILE", description = "An ONNX model.")
    private Path file;

    @Option(names = "--shape", paramLabel = "NAME=SIZES", description = "An input's shape: sizes between commas.")
    private Map<String, String> shapes = new LinkedHashMap<>();

    @Override
    public Integer call() throws IOException {
        Graph graph = GraphReader.read(file);
        PrintWriter out = spec.commandLine().getOut();
        Map<String, int[]> sizes = sizes(graph);
        graph.opsets().forEach((domain, version) -> out.println(Line.of("opset       "
                + (domain.isEmpty() ? "ai.onnx" : domain) + " " + version)));
        graph.inputs().forEach(input -> out.println(Line.of("input       " + input)));
        graph.outputs().forEach(output -> out.println(Line.of("output      " + output)));
        out.println("operations  " + graph.nodes().size() + " nodes");
        Survey.operations(graph).forEach((name, count) -> out.printf("%8d    %s%n", count, Line.of(name)));
        List<Node> unsupported = OnnxModel.unsupported(graph);
        if (!unsupported.isEmpty()) {
            unsupported.forEach(node -> out.println(Line.of("unsupported " + node.describe()
                    + (node.attributes().hasGraphs() ? ": control flow" : ""))));
            out.flush();
            return 1;
        }
        try (OnnxModel model = OnnxModel.of(graph, Devices.choose("cpu", 0))) {
            long weights = model.parameters().values().stream().mapToLong(p -> p.shape().size()).sum();
            out.printf(Locale.ROOT, "parameters  %,d in %d tensors, %.1f MB%n", weights, model.parameters().size(),
                    weights * 4 / 1e6);
            out.flush();            // what is known stays on the screen when the sizes do not fit
            Survey.Cost cost = Survey.cost(model, sizes);
            out.printf(Locale.ROOT, "cost        %.2f GFLOP, %.2f GB moved, %d operations of the engine a run%n",
                    cost.flops() / 1e9, cost.bytes() / 1e9, cost.operations());
        }
        out.flush();
        return 0;
    }

    private Map<String, int[]> sizes(Graph graph) {
        Map<String, int[]> sizes = new LinkedHashMap<>();
        shapes.forEach((name, text) -> {
            if (graph.inputs().stream().noneMatch(input -> input.name().equals(name))) {
                throw new UserError(Line.of("--shape: given " + name + "; expected one of the inputs "
                        + graph.inputs()));
            }
            try {
                sizes.put(name, text.isBlank() ? new int[0]
                        : Arrays.stream(text.split("[,x]")).mapToInt(s -> Integer.parseInt(s.strip())).toArray());
            } catch (NumberFormatException e) {
                throw new UserError("--shape: given " + name + "=" + text + "; expected sizes as 1,3,224,224", e);
            }
        });
        return sizes;
    }
}
