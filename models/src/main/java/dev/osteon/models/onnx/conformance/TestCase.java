package dev.osteon.models.onnx.conformance;

import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/**
 * A test of ONNX's suite: a model, and data sets of inputs with the outputs that they must give, as files' bytes.
 *
 * @param folder where external data of the model may lie
 */
public record TestCase(String name, byte[] model, List<DataSet> dataSets, Optional<Path> folder) {

    /** Serialised tensors in the order of the model's inputs and outputs. */
    public record DataSet(List<byte[]> inputs, List<byte[]> outputs) {}
}
