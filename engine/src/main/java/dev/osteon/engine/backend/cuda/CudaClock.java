package dev.osteon.engine.backend.cuda;

import static dev.osteon.engine.backend.cuda.CudaFailure.check;

import dev.osteon.engine.backend.DeviceClock;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import jcuda.driver.CUevent;
import jcuda.driver.CUevent_flags;
import jcuda.driver.JCudaDriver;

/** Events with times, which the driver takes on the GPU to half a microsecond. They are used again. */
final class CudaClock implements DeviceClock {

    private final CudaRuntime cuda;
    private final Queue<CUevent> spare = new ConcurrentLinkedQueue<>();

    CudaClock(CudaRuntime cuda) {
        this.cuda = cuda;
    }

    @Override
    public Mark mark() {
        cuda.enter();
        CUevent event = spare.poll();
        if (event == null) {
            event = new CUevent();
            check(JCudaDriver.cuEventCreate(event, CUevent_flags.CU_EVENT_DEFAULT), "cuEventCreate");
        }
        check(JCudaDriver.cuEventRecord(event, cuda.mainStream()), "cuEventRecord");
        return new Passed(event);
    }

    private final class Passed implements Mark {

        private final CUevent event;

        Passed(CUevent event) {
            this.event = event;
        }

        @Override
        public long nanosSince(Mark earlier) {
            cuda.enter();
            check(JCudaDriver.cuEventSynchronize(event), "cuEventSynchronize");
            float[] millis = new float[1];
            check(JCudaDriver.cuEventElapsedTime(millis, ((Passed) earlier).event, event), "cuEventElapsedTime");
            return Math.round(millis[0] * 1e6);
        }

        @Override
        public void close() {
            spare.add(event);
        }
    }
}
