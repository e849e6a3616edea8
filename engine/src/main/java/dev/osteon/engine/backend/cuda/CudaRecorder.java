package dev.osteon.engine.backend.cuda;

import static dev.osteon.engine.backend.cuda.CudaFailure.check;

import dev.osteon.engine.backend.Recorder;
import dev.osteon.engine.backend.Recording;
import jcuda.driver.CUgraph;
import jcuda.driver.CUgraphExec;
import jcuda.driver.CUstream;
import jcuda.driver.CUstreamCaptureMode;
import jcuda.driver.CUstream_flags;
import jcuda.driver.JCudaDriver;

/**
 * Records what a thread queues as a CUDA graph. It goes to a stream of its own, so that other threads' work, on the
 * usual one, is done as ever.
 */
final class CudaRecorder implements Recorder {

    private final CudaRuntime cuda;
    private final CUstream stream = new CUstream();

    CudaRecorder(CudaRuntime cuda) {
        this.cuda = cuda;
        cuda.enter();
        check(JCudaDriver.cuStreamCreate(stream, CUstream_flags.CU_STREAM_NON_BLOCKING), "cuStreamCreate");
    }

    @Override
    public synchronized Recording record(Runnable work) {
        cuda.enter();
        Capture capture = new Capture(cuda, stream);
        try {
            CUgraph graph = captured(capture, work);
            CUgraphExec exec = new CUgraphExec();
            try {
                check(JCudaDriver.cuGraphInstantiate(exec, graph, 0), "cuGraphInstantiate");
            } finally {
                check(JCudaDriver.cuGraphDestroy(graph), "cuGraphDestroy");
            }
            return new CudaGraph(cuda, exec, capture);
        } catch (RuntimeException | Error e) {
            capture.close();
            throw e;
        }
    }

    private CUgraph captured(Capture capture, Runnable work) {
        CUgraph graph = new CUgraph();
        // relaxed: memory may be asked of the driver meanwhile
        check(JCudaDriver.cuStreamBeginCapture(stream, CUstreamCaptureMode.CU_STREAM_CAPTURE_MODE_RELAXED),
                "cuStreamBeginCapture");
        boolean whole = false;
        try {
            cuda.capturing(capture, work);
            whole = true;
        } finally {
            int status = JCudaDriver.cuStreamEndCapture(stream, graph);
            if (whole) {
                check(status, "cuStreamEndCapture");
            } else if (status == 0) {
                JCudaDriver.cuGraphDestroy(graph);
            }
        }
        return graph;
    }
}
