package dev.osteon.bench;

import dev.osteon.engine.backend.Backends;
import dev.osteon.engine.tensor.Device;
import dev.osteon.models.ResNetSpec;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** One implementation on the CPU in a process of its own. Two thread pools in one process would disturb each other. */
public final class WorkMain {

    private static final Duration PAUSE = Duration.ofMillis(200);

    private WorkMain() {}

    /** @param arguments osteon or its peer, threads, and the folder of the models for those that need them */
    public static void main(String[] arguments) throws IOException {
        int threads = Integer.parseInt(arguments[1]);
        Backends.setCpuThreads(threads);
        WorkServer.serve(words -> work(words, List.of(arguments), threads), System.in, System.out);
    }

    private static Work work(List<String> words, List<String> arguments, int threads) throws IOException {
        boolean ours = arguments.getFirst().equals("osteon");
        if (words.getFirst().equals("step")) {
            int batch = Integer.parseInt(words.get(1));
            int size = Integer.parseInt(words.get(2));
            return ours ? new OsteonStep(Device.CPU, Optional.empty(), ResNetSpec.resnet50(), batch, size)
                    : new LibtorchStep(batch, size, threads);
        }
        SamWork part = SamWork.valueOf(words.getFirst());
        Path models = Path.of(arguments.get(2));
        return ours ? new OsteonSam(part, models) : new OnnxRuntimeSam(part, models, threads);
    }

    /**
     * Ours and a peer in turn.
     *
     * @param settings what {@link #main} takes behind the implementation
     */
    static Map<String, Object> compare(String peer, List<String> settings, int warmUp, int rounds, int runs,
            String... work) throws IOException {
        try (Worker ours = worker("osteon", settings); Worker other = worker(peer, settings)) {
            ours.open(work);
            other.open(work);
            Map<String, Object> result = new Turns(warmUp, rounds, runs, PAUSE).compare(ours, List.of(other));
            if (result.get(Turns.failure(other)) instanceof String message) {
                throw new IOException(message);
            }
            return result;
        }
    }

    private static Worker worker(String implementation, List<String> settings) throws IOException {
        List<String> arguments = new ArrayList<>(List.of(implementation));
        arguments.addAll(settings);
        return new Worker(implementation, Worker.java(WorkMain.class.getName(), List.of("-Xmx2g"), arguments));
    }
}
