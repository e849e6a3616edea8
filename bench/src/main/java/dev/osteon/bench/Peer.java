package dev.osteon.bench;

import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;

/**
 * The table of what is measured beside ours. Each is a Maven module below {@code bench/peers}, whose jars are fetched
 * when {@code --vs} names it, and runs on a class path of its own: some bring other versions of the same libraries.
 */
public enum Peer {
    LIBTORCH("libtorch", "libtorch 2.10, called operation by operation, channels-last", Map.of()),
    LIBTORCH_AVX2("libtorch", "the same with oneDNN held to AVX2, for machines where its own choice crashes",
            Map.of("DNNL_MAX_CPU_ISA", "AVX2")),
    DJL("djl", "Deep Java Library 0.35.1 on PyTorch 2.7.1", Map.of()),
    DL4J("dl4j", "Deeplearning4j 1.0.0-M2.1", Map.of()),
    ONNXRUNTIME("onnxruntime", "onnxruntime 1.23.2", Map.of()),
    FLOOR("floor", "the chain of oneDNN primitives alone: no loss, no running statistics, nothing allocated", Map.of());

    private final String module;
    private final String description;
    private final Map<String, String> environment;

    Peer(String module, String description, Map<String, String> environment) {
        this.module = module;
        this.description = description;
        this.environment = environment;
    }

    /** The name of its {@link Implementation}, and its folder below {@code bench/peers}. */
    public String module() {
        return module;
    }

    /** One line for people. */
    public String description() {
        return description;
    }

    /** Set for its process in addition. */
    public Map<String, String> environment() {
        return environment;
    }

    /** Its class path, or nothing when it was not built. */
    public Optional<String> classPath(Path bench) {
        Path target = bench.resolve("peers").resolve(module).resolve("target");
        return target.resolve("lib/.built").toFile().exists()
                ? Optional.of(target.resolve("classes") + java.io.File.pathSeparator + target.resolve("lib") + "/*")
                : Optional.empty();
    }

    /** As {@code --vs} takes it. */
    @Override
    public String toString() {
        return name().toLowerCase(Locale.ROOT).replace('_', '-');
    }

    /** All but the one that is for some machines only. */
    public static List<Peer> usual() {
        return List.of(LIBTORCH, DJL, DL4J, ONNXRUNTIME, FLOOR);
    }
}
