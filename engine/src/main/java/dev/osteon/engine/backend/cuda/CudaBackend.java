package dev.osteon.engine.backend.cuda;

import dev.osteon.engine.EngineException;
import dev.osteon.engine.backend.Backend;
import dev.osteon.engine.backend.DeviceClock;
import dev.osteon.engine.backend.DeviceProfiler;
import dev.osteon.engine.backend.KernelTable;
import dev.osteon.engine.backend.LowPrecision;
import dev.osteon.engine.backend.Recorder;
import dev.osteon.engine.memory.Buffer;
import dev.osteon.engine.memory.CachingAllocator;
import dev.osteon.engine.tensor.Device;
import dev.osteon.engine.tensor.Layout;
import java.lang.foreign.MemorySegment;
import java.util.Locale;
import java.util.Optional;

/** A GPU of NVIDIA's: cuDNN for convolutions, cuBLAS for matrix products, our own kernels for everything else. */
public final class CudaBackend implements Backend {

    /** Ampere: before it there are no tensor cores for bf16. */
    static final int FIRST_WITH_BF16 = 80;

    private final CudaRuntime cuda;
    private final String description;
    private final Recorder recorder;
    private final DeviceClock clock;
    private final KernelTable kernels = new KernelTable("cuda");

    private CudaBackend(CudaRuntime cuda, CudaLibraries libraries) {
        this.cuda = cuda;
        int driver = cuda.driverVersion();
        this.description = String.format(Locale.ROOT, "%s, compute capability %d.%d, driver for CUDA %d.%d; %s",
                cuda.name(), cuda.architecture() / 10, cuda.architecture() % 10, driver / 1000, driver % 1000 / 10,
                libraries.describe());
        this.recorder = new CudaRecorder(cuda);
        this.clock = new CudaClock(cuda);
        Registrar registrar = new Registrar(cuda, kernels);
        new PointwiseKernels(cuda).register(registrar);
        new ShapeKernels(cuda).register(registrar);
        new IndexKernels(cuda).register(registrar);
        new ReductionKernels(cuda).register(registrar);
        new RowKernels(cuda).register(registrar);
        new BatchNormKernels(cuda).register(registrar);
        new ImageKernels(cuda).register(registrar);
        new ViewKernels(cuda).register(registrar);
        new OptimizerKernels(cuda).register(registrar);
        new MultiTensorKernels(cuda).register(registrar);
        Blas blas = new Blas(cuda);
        Dnn dnn = new Dnn(cuda, blas);
        new MatMulKernels(cuda, blas, dnn).register(registrar);
        new AttentionKernels(cuda).register(registrar);
        new PairwiseKernels(cuda, blas).register(registrar);
        new SinkhornKernels(cuda).register(registrar);
        new ConvolutionKernels(cuda, dnn).register(registrar);
    }

    /**
     * Opens a GPU.
     *
     * @throws EngineException saying in one line why it does not work here
     */
    public static Backend create(Device device) {
        try {
            CudaLibraries libraries = CudaLibraries.load();
            return new CudaBackend(CudaRuntime.open(device), libraries);
        } catch (EngineException e) {
            throw new EngineException("device " + device + " was asked for; " + e.getMessage()
                    + "; use --device cpu", e);
        }
    }

    /** For tests of what runs below the operations. */
    CudaRuntime cuda() {
        return cuda;
    }

    @Override
    public Device device() {
        return cuda.device();
    }

    @Override
    public String description() {
        return description;
    }

    @Override
    public boolean isEmulated() {
        return cuda.name().contains("emulator");
    }

    @Override
    public LowPrecision lowPrecision() {
        return cuda.architecture() >= FIRST_WITH_BF16 ? LowPrecision.bf16("it has tensor cores for it")
                : LowPrecision.none("its compute capability is below 8.0, so no tensor cores for bf16");
    }

    @Override
    public Layout convolutionWeights() {
        return Layout.NHWC;
    }

    @Override
    public KernelTable kernels() {
        return kernels;
    }

    @Override
    public CachingAllocator allocator() {
        return cuda.allocator();
    }

    @Override
    public void upload(MemorySegment source, Buffer target) {
        cuda.upload(source, target.segment().address());
    }

    @Override
    public void download(Buffer source, MemorySegment target) {
        cuda.requireDone("reads results on the host");
        cuda.staging().download(source.segment().address(), target);
        cuda.faults().raise();
    }

    @Override
    public void copy(Buffer source, Buffer target) {
        cuda.copy(source.segment().address(), target.segment().address(), source.bytes());
    }

    @Override
    public Optional<DeviceClock> clock() {
        return Optional.of(clock);
    }

    @Override
    public Optional<DeviceProfiler> profiler() {
        return Optional.of(new CudaProfiler(cuda));
    }

    @Override
    public Optional<Recorder> recorder() {
        return Boolean.parseBoolean(System.getProperty("osteon.cuda.graphs", "true")) ? Optional.of(recorder)
                : Optional.empty();
    }

    @Override
    public void synchronize() {
        cuda.requireDone("waits for the device");
        cuda.synchronize();
        cuda.faults().raise();
    }
}
