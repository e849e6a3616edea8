package dev.osteon.engine.backend.cuda;

import dev.osteon.engine.tensor.DType;
import dev.osteon.engine.tensor.Tensor;
import java.util.Arrays;
import jcuda.Pointer;
import jcuda.driver.CUdeviceptr;

/** Raw addresses as JCuda's objects. */
final class Addresses {

    private static final int PACK_BYTES = 16;

    private Addresses() {}

    /** An address of device memory for the driver. */
    static CUdeviceptr device(long address) {
        return new Device(address);
    }

    /** Any address, of the host or the device. */
    static Pointer of(long address) {
        return new Raw(address);
    }

    /** Elements of 16 bytes, which a thread moves at once: {@code struct pack} of common.cuh. */
    static int pack(DType dtype) {
        return PACK_BYTES / dtype.bytes();
    }

    /** A pack's elements where {@code row} neighbours are whole packs and all begin where one can be read, else 1. */
    static int pack(long row, Tensor... tensors) {
        int pack = pack(tensors[0].dtype());
        return row % pack == 0 && packed(tensors) ? pack : 1;
    }

    /** The same of as many elements as 16, 8, 4 … bytes hold, whichever is the first that fits. */
    static int run(long row, Tensor... tensors) {
        int run = pack(tensors[0].dtype());
        long all = row * tensors[0].dtype().bytes();
        for (Tensor tensor : tensors) {
            all |= tensor.segment().address();
        }
        while (all % ((long) run * tensors[0].dtype().bytes()) != 0) {
            run /= 2;
        }
        return run;
    }

    /** Whether all begin where a pack can be read; a view may begin between. */
    static boolean packed(Tensor... tensors) {
        return Arrays.stream(tensors).allMatch(t -> t.segment().address() % PACK_BYTES == 0);
    }

    /** What a call of JCuda wrote into {@code pointer}. */
    static final class Out extends Pointer {
        long address() {
            return getNativePointer();
        }
    }

    /** The address that an allocation of the driver wrote. */
    static final class DeviceOut extends CUdeviceptr {
        long address() {
            return getNativePointer();
        }
    }

    private static final class Raw extends Pointer {
        private Raw(long address) {
            super(address);
        }
    }

    private static final class Device extends CUdeviceptr {
        private Device(long address) {
            super(new CUdeviceptr(), address);
        }
    }
}
