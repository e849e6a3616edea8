package dev.osteon.engine.backend.cuda;

import static dev.osteon.engine.backend.cuda.CudaFailure.checkCompiler;

import dev.osteon.engine.EngineException;
import java.io.IOException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import jcuda.nvrtc.JNvrtc;
import jcuda.nvrtc.nvrtcProgram;

/**
 * CUDA C++ to machine code of the device's own architecture (a newer NVRTC's PTX may be refused by an older driver).
 * A file takes seconds, so results are kept on disk, by source, architecture and NVRTC's version.
 */
final class KernelCompiler {

    private static final Logger LOG = System.getLogger("osteon.cuda");

    private final int architecture;
    private final String version;
    private final Path cache;

    /** Line information costs nothing at run time, and lets Nsight Compute show a kernel's hot lines. */
    private static final List<String> OPTIONS = List.of("--std=c++17", "--generate-line-info");

    KernelCompiler(int deviceArchitecture) {
        int[] major = new int[1];
        int[] minor = new int[1];
        checkCompiler(JNvrtc.nvrtcVersion(major, minor), "nvrtcVersion");
        this.version = major[0] + "." + minor[0];
        this.architecture = supported(deviceArchitecture);
        this.cache = CacheFolder.path();
    }

    /** The newest architecture that NVRTC knows and the device runs: of its own generation, and no newer than it. */
    private int supported(int device) {
        int[] count = new int[1];
        checkCompiler(JNvrtc.nvrtcGetNumSupportedArchs(count), "nvrtcGetNumSupportedArchs");
        int[] known = new int[count[0]];
        checkCompiler(JNvrtc.nvrtcGetSupportedArchs(known), "nvrtcGetSupportedArchs");
        return Arrays.stream(known).filter(a -> a <= device && a / 10 == device / 10).max()
                .orElseThrow(() -> new EngineException("NVRTC " + version + " does not know compute capability "
                        + device / 10 + "." + device % 10 + "; install another CUDA version"));
    }

    /** Whether {@link #compile} finds it on disk. */
    boolean isKept(String name, String source) {
        return Files.exists(file(name, source));
    }

    private Path file(String name, String source) {
        return cache.resolve(name + "-" + key(source) + ".cubin");
    }

    /** @throws EngineException with the compiler's messages */
    byte[] compile(String name, String source) {
        Path file = file(name, source);
        try {
            if (Files.exists(file)) {
                return Files.readAllBytes(file);
            }
        } catch (IOException e) {
            LOG.log(Level.WARNING, "cannot read " + file + ": " + e.getMessage());
        }
        byte[] image = translate(name, source);
        try {
            CacheFolder.write(file, image);
        } catch (IOException e) {
            LOG.log(Level.WARNING, "cannot keep compiled kernels in " + cache + ": " + e.getMessage());
        }
        return image;
    }

    private byte[] translate(String name, String source) {
        nvrtcProgram program = new nvrtcProgram();
        checkCompiler(JNvrtc.nvrtcCreateProgram(program, source, name + ".cu", 0, new String[0], new String[0]),
                "nvrtcCreateProgram");
        try {
            List<String> options = new ArrayList<>(OPTIONS);
            options.add("--gpu-architecture=sm_" + architecture);
            int status = JNvrtc.nvrtcCompileProgram(program, options.size(), options.toArray(String[]::new));
            if (status != 0) {
                String[] log = {""};
                JNvrtc.nvrtcGetProgramLog(program, log);
                throw new CudaFailure("NVRTC " + version + " refused " + name + ".cu for sm_" + architecture + ": "
                        + JNvrtc.nvrtcGetErrorString(status) + "\n" + log[0]);
            }
            long[] size = new long[1];
            checkCompiler(JNvrtc.nvrtcGetCUBINSize(program, size), "nvrtcGetCUBINSize");
            byte[] image = new byte[Math.toIntExact(size[0])];
            checkCompiler(JNvrtc.nvrtcGetCUBIN(program, image), "nvrtcGetCUBIN");
            return image;
        } finally {
            JNvrtc.nvrtcDestroyProgram(program);
        }
    }

    private String key(String source) {
        try {
            MessageDigest digest = MessageDigest.getInstance("SHA-256");
            String all = String.join("\n", version, String.valueOf(architecture), OPTIONS.toString(), source);
            digest.update(all.getBytes(StandardCharsets.UTF_8));
            return HexFormat.of().formatHex(digest.digest(), 0, 12);
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException(e);      // every Java has it
        }
    }
}
