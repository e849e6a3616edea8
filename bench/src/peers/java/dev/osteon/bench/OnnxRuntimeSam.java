package dev.osteon.bench;

import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtSession;
import java.nio.FloatBuffer;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;

/** A half of Segment Anything in onnxruntime with its default optimisations, from arrays to an array. */
public final class OnnxRuntimeSam implements Work {

    private final OrtEnvironment environment = OrtEnvironment.getEnvironment();
    private final OrtSession session;
    private final Map<String, SamWork.Values> inputs;
    private final Set<String> wanted;

    public OnnxRuntimeSam(SamWork part, Path folder, int threads) {
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
    public String name() {
        return "onnxruntime " + environment.getVersion() + " f32";
    }

    @Override
    public double run() {
        Map<String, OnnxTensor> given = new HashMap<>();
        try {
            for (Map.Entry<String, SamWork.Values> input : inputs.entrySet()) {
                given.put(input.getKey(), OnnxTensor.createTensor(environment,
                        FloatBuffer.wrap(input.getValue().values()),
                        Arrays.stream(input.getValue().shape()).asLongStream().toArray()));
            }
            try (OrtSession.Result result = session.run(given, wanted)) {
                FloatBuffer values = ((OnnxTensor) result.get(0)).getFloatBuffer();
                float[] floats = new float[values.remaining()];
                values.get(floats);
                return SamWork.mean(floats);
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
