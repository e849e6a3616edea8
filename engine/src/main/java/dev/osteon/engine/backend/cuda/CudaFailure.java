package dev.osteon.engine.backend.cuda;

import dev.osteon.engine.DeviceFailedException;
import dev.osteon.engine.EngineException;
import java.util.Set;
import jcuda.driver.JCudaDriver;
import jcuda.jcublas.JCublas2;
import jcuda.jcudnn.JCudnn;
import jcuda.nvrtc.JNvrtc;

/** A call of NVIDIA's libraries that failed, with their own text. Statuses are compared with 0 and nothing else. */
final class CudaFailure extends EngineException {

    private static final long serialVersionUID = 1L;

    /**
     * Statuses after which every call gives the same again, as the driver's documentation says of them: an
     * uncorrectable ECC error, and what a kernel dies of.
     */
    private static final Set<Integer> FINAL = Set.of(214, 700, 702, 710, 714, 715, 716, 717, 718, 719);

    CudaFailure(String message) {
        super(message);
    }

    /**
     * @throws CudaFailure           unless the driver's {@code status} is 0
     * @throws DeviceFailedException when the device cannot be used again
     */
    static void check(int status, String call) {
        if (FINAL.contains(status)) {
            throw new DeviceFailedException(call + ": " + describe(status)
                    + "; the device cannot be used again by this process");
        }
        if (status != 0) {
            throw new CudaFailure(call + ": " + describe(status));
        }
    }

    /** A driver status as its name and NVIDIA's text. */
    static String describe(int status) {
        String[] name = {""};
        String[] text = {""};
        JCudaDriver.cuGetErrorName(status, name);
        JCudaDriver.cuGetErrorString(status, text);
        return name[0] + " (" + status + "), " + text[0];
    }

    static void checkBlas(int status, String call) {
        if (status != 0) {
            throw new CudaFailure(call + ": cuBLAS status " + status + ", " + JCublas2.cublasGetStatusString(status));
        }
    }

    /** cuDNN 9 numbers its statuses anew: JCuda's constants for them are wrong. */
    static void checkDnn(int status, String call) {
        if (status != 0) {
            throw new CudaFailure(call + ": cuDNN status " + status + ", " + JCudnn.cudnnGetErrorString(status));
        }
    }

    static void checkCompiler(int status, String call) {
        if (status != 0) {
            throw new CudaFailure(call + ": NVRTC status " + status + ", " + JNvrtc.nvrtcGetErrorString(status));
        }
    }
}
