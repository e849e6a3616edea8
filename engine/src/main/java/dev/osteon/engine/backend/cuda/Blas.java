package dev.osteon.engine.backend.cuda;

import static dev.osteon.engine.backend.cuda.CudaFailure.checkBlas;
import static java.lang.foreign.ValueLayout.JAVA_FLOAT;

import dev.osteon.engine.OutOfMemoryException;
import dev.osteon.engine.tensor.DType;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import jcuda.Pointer;
import jcuda.driver.CUstream;
import jcuda.jcublas.JCublas2;
import jcuda.jcublas.cublasHandle;
import jcuda.runtime.cudaStream_t;

/** cuBLAS: products of row-major matrices. Accumulation is in float32. */
final class Blas {

    private static final int F32 = 0;
    private static final int F16 = 2;
    private static final int BF16 = 14;
    private static final int COMPUTE_F32 = 68;
    private static final int COMPUTE_TF32 = 77;
    private static final int DEFAULT_ALGORITHM = -1;

    /** What NVIDIA recommends on Hopper, whose library takes it by itself otherwise. */
    private static final long WORKSPACE = 32L << 20;

    /** How float32 operands are multiplied. */
    enum Precision {
        /** With all of their digits. */
        EXACT,
        /** With 10 bits of the mantissa on tensor cores, where {@code -Dosteon.cuda.tf32=true} allows it. */
        AS_CONFIGURED,
        /** On tensor cores: for operands that have no more than 10 bits of a mantissa. */
        OF_TEN_BITS
    }

    private final CudaRuntime cuda;
    private final cublasHandle handle = new cublasHandle();
    private final MemorySegment constants = Arena.ofAuto().allocate(8, 4);
    private final Pointer one;
    private final Pointer zero;
    private CUstream stream = new CUstream();
    private long workspace;
    private final boolean tf32 = Boolean.getBoolean("osteon.cuda.tf32");

    Blas(CudaRuntime cuda) {
        this.cuda = cuda;
        cuda.enter();
        constants.setAtIndex(JAVA_FLOAT, 0, 1);
        one = Addresses.of(constants.address());
        zero = Addresses.of(constants.address() + 4);
        checkBlas(JCublas2.cublasCreate(handle), "cublasCreate");
    }

    /** Work goes where the thread's does, in memory of our own: cuBLAS's is not there for what is recorded. */
    private void useStream() {
        if (cuda.stream().equals(stream)) {
            return;
        }
        if (workspace == 0) {
            workspace = workspace();
        }
        checkBlas(JCublas2.cublasSetStream(handle, new cudaStream_t(cuda.stream())), "cublasSetStream");
        checkBlas(JCublas2.cublasSetWorkspace(handle, Addresses.of(workspace), WORKSPACE), "cublasSetWorkspace");
        stream = cuda.stream();
    }

    private long workspace() {
        CudaMemory memory = new CudaMemory(cuda);
        try {
            return memory.acquire(WORKSPACE).address();
        } catch (OutOfMemoryError full) {
            cuda.allocator().trim();
        }
        try {
            return memory.acquire(WORKSPACE).address();
        } catch (OutOfMemoryError full) {
            throw new OutOfMemoryException("out of memory on " + cuda.device() + ": cuBLAS needs "
                    + (WORKSPACE >> 20) + " MiB to work in; " + cuda.allocator().stats()
                    + ". Use a smaller batch or smaller views", full);
        }
    }

    /** One factor: its address, whether it is stored transposed, elements to the next one of a batch (0: the same). */
    record Factor(long address, boolean transposed, long step) {}

    /** c [m, n] = op(a) [m, k]·op(b) [k, n], {@code batch} times, results one after the other. */
    void multiply(int m, int n, int k, Factor a, Factor b, long c, int batch, DType dtype, Precision precision) {
        multiply(m, n, k, a, b, zero, c, batch, dtype, precision);
    }

    /** c [m, n] += op(a) [m, k]·op(b) [k, n], {@code batch} times, results one after the other. */
    void multiplyOnto(int m, int n, int k, Factor a, Factor b, long c, int batch, DType dtype, Precision precision) {
        multiply(m, n, k, a, b, one, c, batch, dtype, precision);
    }

    private synchronized void multiply(int m, int n, int k, Factor a, Factor b, Pointer before, long c, int batch,
            DType dtype, Precision precision) {
        if (m == 0 || n == 0 || batch == 0) {
            return;
        }
        cuda.enter();
        cuda.note(before == zero ? "product" : "product onto", m, n, k, a.transposed, a.step, b.transposed, b.step,
                batch, dtype);
        useStream();
        cuda.queued("cuBLAS product of [" + m + ", " + k + "] and [" + k + ", " + n + "]");
        int type = dtype == DType.F32 ? F32 : dtype == DType.F16 ? F16 : BF16;
        boolean tenBits = precision == Precision.OF_TEN_BITS || tf32 && precision == Precision.AS_CONFIGURED;
        int compute = dtype == DType.F32 && tenBits ? COMPUTE_TF32 : COMPUTE_F32;
        // cuBLAS counts by columns: what lies there is cᵀ = op(b)ᵀ·op(a)ᵀ
        checkBlas(JCublas2.cublasGemmStridedBatchedEx_new(handle, b.transposed ? 1 : 0, a.transposed ? 1 : 0, n, m, k,
                one, Addresses.of(b.address), type, Math.max(1, b.transposed ? k : n), b.step,
                Addresses.of(a.address), type, Math.max(1, a.transposed ? m : k), a.step,
                before, Addresses.of(c), type, n, (long) m * n, batch, compute, DEFAULT_ALGORITHM),
                "cublasGemmStridedBatchedEx");
    }
}
