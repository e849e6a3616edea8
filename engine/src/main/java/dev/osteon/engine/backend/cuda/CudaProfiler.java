package dev.osteon.engine.backend.cuda;

import static dev.osteon.engine.backend.cuda.CudaFailure.check;

import dev.osteon.engine.backend.DeviceProfiler;
import jcuda.driver.JCudaDriver;

/** Nsight Systems and Nsight Compute, by the driver's calls for them. */
record CudaProfiler(CudaRuntime cuda) implements DeviceProfiler {

    @Override
    public void start() {
        cuda.synchronize();
        check(JCudaDriver.cuProfilerStart(), "cuProfilerStart");
    }

    @Override
    public void stop() {
        cuda.synchronize();
        check(JCudaDriver.cuProfilerStop(), "cuProfilerStop");
    }
}
