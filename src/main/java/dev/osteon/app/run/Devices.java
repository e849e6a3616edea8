package dev.osteon.app.run;

import dev.osteon.app.UserError;
import dev.osteon.engine.EngineException;
import dev.osteon.engine.backend.Backends;
import dev.osteon.engine.tensor.Device;

/** From the words of the command line to a device that works on this machine. */
public final class Devices {

    private static final Device CUDA = new Device(Device.Kind.CUDA, 0);

    private Devices() {}

    /**
     * @param name    auto, cpu, reference or cuda
     * @param threads compute threads, 0 for all that the process may use
     * @throws UserError when it is none of these or does not work here
     */
    public static Device choose(String name, int threads) {
        if (threads < 0) {
            throw new UserError("--threads: given " + threads + "; expected 1 or more, or 0 for all cores");
        }
        if (threads > 0) {
            Backends.setCpuThreads(threads);
        }
        return switch (name) {
            case "auto" -> automatic();
            case "cpu" -> required(Device.CPU);
            case "reference" -> Device.REFERENCE;
            case "cuda" -> required(CUDA);
            default -> throw new UserError("--device: given " + name + "; expected auto, cpu, reference or cuda");
        };
    }

    /** A GPU that works, otherwise the CPU. An emulator is taken only by those who ask for it. */
    private static Device automatic() {
        if (works(CUDA) && !Backends.of(CUDA).isEmulated()) {
            return CUDA;
        }
        return works(Device.CPU) ? Device.CPU : Device.REFERENCE;
    }

    private static boolean works(Device device) {
        try {
            Backends.of(device);
            return true;
        } catch (EngineException e) {
            return false;
        }
    }

    private static Device required(Device device) {
        try {
            Backends.of(device);
            return device;
        } catch (EngineException e) {
            throw new UserError(e.getMessage(), e);
        }
    }
}
