package dev.osteon.engine.backend.cuda;

import static dev.osteon.engine.backend.cuda.CudaFailure.check;

import dev.osteon.engine.EngineException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import jcuda.driver.CUfunction;
import jcuda.driver.CUmodule;
import jcuda.driver.JCudaDriver;

/** The kernels of the files {@code cuda/*.cu}, each file compiled and loaded when a kernel of it is first asked for. */
final class KernelModules {

    private final CudaRuntime cuda;
    private final KernelCompiler compiler;
    private final KernelImages images;
    private final Map<String, CUmodule> modules = new ConcurrentHashMap<>();
    private final Map<String, CUfunction> functions = new ConcurrentHashMap<>();

    KernelModules(CudaRuntime cuda) {
        this.cuda = cuda;
        this.compiler = new KernelCompiler(cuda.architecture());
        this.images = new KernelImages(file -> compiler.isKept(file, whole(file)),
                file -> compiler.compile(file, whole(file)), Runtime.getRuntime().availableProcessors());
    }

    CUfunction function(String file, String kernel) {
        CUfunction function = functions.get(kernel);
        return function != null ? function : functions.computeIfAbsent(kernel, name -> find(file, name));
    }

    private CUfunction find(String file, String kernel) {
        CUmodule module = modules.computeIfAbsent(file, this::load);
        CUfunction function = new CUfunction();
        check(JCudaDriver.cuModuleGetFunction(function, module, kernel), "cuModuleGetFunction of " + kernel + " in "
                + file + ".cu");
        return function;
    }

    private static String whole(String file) {
        return source("common.cuh") + "#line 1 \"" + file + ".cu\"\n" + source(file + ".cu");
    }

    private CUmodule load(String file) {
        return load(file, images.of(file));
    }

    /** Compiles and loads {@code source}, whose name is {@code file} in messages. */
    CUmodule load(String file, String source) {
        return load(file, compiler.compile(file, source));
    }

    private CUmodule load(String file, byte[] image) {
        cuda.enter();
        CUmodule module = new CUmodule();
        check(JCudaDriver.cuModuleLoadData(module, image), "cuModuleLoadData of " + file + ".cu");
        return module;
    }

    static String source(String name) {
        try (InputStream in = KernelModules.class.getResourceAsStream("/cuda/" + name)) {
            if (in == null) {
                throw new EngineException("kernel source cuda/" + name + " is not on the class path");
            }
            return new String(in.readAllBytes(), StandardCharsets.UTF_8);
        } catch (IOException e) {
            throw new EngineException("kernel source cuda/" + name + " cannot be read: " + e.getMessage(), e);
        }
    }
}
