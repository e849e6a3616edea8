package dev.osteon.app.command;

import dev.osteon.app.run.PrecisionChoice;
import dev.osteon.engine.EngineException;
import dev.osteon.engine.backend.Backends;
import dev.osteon.engine.tensor.Device;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.stream.Stream;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;

/** {@code osteon doctor}: what this machine has, and which backends work on it. */
@Command(name = "doctor", description = "Shows the machine, the Java virtual machine and the backends.")
public final class DoctorCommand implements Callable<Integer> {

    private static final List<String> INTERESTING = List.of("avx2", "avx512f", "avx512_bf16", "amx_bf16", "asimd",
            "bf16");

    @Spec
    private CommandSpec spec;

    @Override
    public Integer call() {
        PrintWriter out = spec.commandLine().getOut();
        line(out, "Java", System.getProperty("java.vm.name") + " " + Runtime.version() + " ("
                + System.getProperty("java.home") + ")");
        line(out, "heap", (Runtime.getRuntime().maxMemory() >> 20) + " MiB at most; tensors live outside it");
        line(out, "system", System.getProperty("os.name") + " " + System.getProperty("os.version") + " "
                + System.getProperty("os.arch"));
        line(out, "processors", Runtime.getRuntime().availableProcessors() + " that this process may use");
        line(out, "processor", cpu("model name"));
        line(out, "instructions", String.join(" ", INTERESTING.stream()
                .filter(flag -> (" " + cpu("flags") + " ").contains(" " + flag + " ")).toList()));
        line(out, "memory", memory());
        backend(out, "cpu", Device.CPU);
        backend(out, "reference", Device.REFERENCE);
        backend(out, "cuda", new Device(Device.Kind.CUDA, 0));
        out.flush();
        return 0;
    }

    private static void backend(PrintWriter out, String name, Device device) {
        try {
            line(out, "device " + name, "works: " + Backends.of(device).description() + "; trains in "
                    + PrecisionChoice.on(device).precision().label() + " by default, for "
                    + Backends.of(device).lowPrecision().reason());
        } catch (EngineException e) {
            line(out, "device " + name, "not here: " + e.getMessage());
        } catch (ExceptionInInitializerError e) {
            line(out, "device " + name, "not here: " + e.getCause().getMessage());
        }
    }

    private static void line(PrintWriter out, String name, String value) {
        out.printf("%-18s%s%n", name, value);
    }

    private static String cpu(String key) {
        return field(Path.of("/proc/cpuinfo"), key);
    }

    private static String memory() {
        String total = field(Path.of("/proc/meminfo"), "MemTotal");
        String available = field(Path.of("/proc/meminfo"), "MemAvailable");
        return total + " in all, " + available + " available";
    }

    private static String field(Path file, String key) {
        try (Stream<String> lines = Files.lines(file)) {
            return lines.filter(line -> line.startsWith(key)).findFirst()
                    .map(line -> line.substring(line.indexOf(':') + 1).strip()).orElse("unknown");
        } catch (IOException e) {
            return "unknown";
        }
    }
}
