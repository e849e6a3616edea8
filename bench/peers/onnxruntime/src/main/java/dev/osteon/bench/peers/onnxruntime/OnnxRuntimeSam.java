package dev.osteon.bench.peers.onnxruntime;

import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtSession;
import dev.osteon.bench.Work;
import dev.osteon.bench.sam.SamPart;
import java.nio.FloatBuffer;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/** A half of Segment Anything in onnxruntime with its default optimisations, from arrays to an array. */
final class OnnxRuntimeSam implements Work {

    private final OrtEnvironment environment = OrtEnvironment.getEnvironment();
    private final OrtSession session;
    private final Map<String, SamPart.Values> inputs;
    private final Set<String> wanted;

    OnnxRuntimeSam(SamPart part, Path folder, int threads) {
        try (OrtSession.SessionOptions options = new OrtSession.SessionOptions()) {
            options.setIntraOpNumThreads(threads);
            session = environment.createSession(folder.resolve(part.file()).toString(), options);
            wanted = part.output().isEmpty() ? session.getOutputNames() : Set.of(part.output());
        } catch (OrtException e) {
            throw new IllegalStateException(e);
        }
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
        Map<String, OnnxTensor> given = new HashMap<>();
        try {
            for (Map.Entry<String, SamPart.Values> input : inputs.entrySet()) {
                given.put(input.getKey(), OnnxTensor.createTensor(environment,
                        FloatBuffer.wrap(input.getValue().values()),
                        Arrays.stream(input.getValue().shape()).asLongStream().toArray()));
            }
            try (OrtSession.Result result = session.run(given, wanted)) {
                FloatBuffer values = ((OnnxTensor) result.get(0)).getFloatBuffer();
                float[] floats = new float[values.remaining()];
                values.get(floats);
                return floats;
            }
        } catch (OrtException e) {
            throw new IllegalStateException(e);
        } finally {
            given.values().forEach(OnnxTensor::close);
        }
    }

    @Override
    public void close() {
        try {
            session.close();
        } catch (OrtException e) {
            throw new IllegalStateException(e);
        }
    }
}
