package dev.osteon.bench.gpu;

import dev.osteon.engine.EngineException;
import dev.osteon.engine.backend.Backend;
import dev.osteon.engine.backend.Backends;
import dev.osteon.engine.tensor.Device;
import java.io.IOException;
import java.util.List;

/** A process of its own for each part of the check: after an error of the GPU a process cannot use it any more. */
public final class GpuMain {

    private GpuMain() {}

    /** @param arguments about, serve, training, kernels or profile; full or quick; kernels' rounds, profile's work */
    public static void main(String[] arguments) throws IOException {
        try {
            Backend gpu = Backends.of(new Device(Device.Kind.CUDA, 0));
            Sizes sizes = arguments[1].equals("quick") ? Sizes.QUICK : Sizes.FULL;
            boolean passed = switch (arguments[0]) {
                case "about" -> {
                    System.out.println((gpu.isEmulated() ? "emulator " : "gpu ") + gpu.description());
                    yield true;
                }
                case "serve" -> {
                    WorkServer.serve(new GpuWorks(gpu, sizes), System.in, System.out);
                    yield true;
                }
                case "training" -> new TrainingCheck(gpu, sizes).print(System.out);
                case "kernels" -> {
                    new KernelTimes(gpu, sizes, Integer.parseInt(arguments[2])).print(System.out);
                    yield true;
                }
                case "profile" -> {
                    List<String> work = List.of(arguments).subList(2, arguments.length);
                    new WorkProfile(gpu, sizes).print(new GpuWorks(gpu, sizes).body(work), System.out);
                    yield true;
                }
                default -> throw new IllegalArgumentException("given " + arguments[0]
                        + "; expected about, serve, training, kernels or profile");
            };
            System.exit(passed ? 0 : 1);
        } catch (EngineException e) {
            System.err.println(e.getMessage());
            System.exit(2);
        }
    }
}
