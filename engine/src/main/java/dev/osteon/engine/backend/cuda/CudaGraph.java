package dev.osteon.engine.backend.cuda;

import static dev.osteon.engine.backend.cuda.CudaFailure.check;

import dev.osteon.engine.EngineException;
import dev.osteon.engine.backend.Recording;
import dev.osteon.engine.backend.cuda.Capture.Step;
import java.util.List;
import java.util.Optional;
import jcuda.driver.CUgraphExec;
import jcuda.driver.JCudaDriver;

/** A recording as NVIDIA's driver keeps it: an instantiated graph. */
record CudaGraph(CudaRuntime cuda, CUgraphExec exec, Capture capture) implements Recording {

    @Override
    public void queue() {
        cuda.enter();
        cuda.queued("a recorded step of " + size() + " kernels and copies");
        check(JCudaDriver.cuGraphLaunch(exec, cuda.stream()), "cuGraphLaunch");
    }

    @Override
    public int size() {
        return capture.steps().size();
    }

    @Override
    public Optional<String> difference(Recording other) {
        if (!(other instanceof CudaGraph graph)) {
            throw new EngineException("given a recording of another device; expected one of " + cuda.device());
        }
        List<Step> here = capture.steps();
        List<Step> there = graph.capture.steps();
        for (int i = 0; i < Math.min(here.size(), there.size()); i++) {
            if (!here.get(i).equals(there.get(i))) {
                boolean same = here.get(i).name().equals(there.get(i).name());
                return Optional.of(same ? "what " + here.get(i).name() + ", number " + (i + 1) + ", is given"
                        : "number " + (i + 1) + ", " + here.get(i).name() + " or " + there.get(i).name() + ",");
            }
        }
        return here.size() == there.size() ? Optional.empty()
                : Optional.of("the number of kernels and copies, " + here.size() + " or " + there.size() + ",");
    }

    @Override
    public void close() {
        try {
            cuda.synchronize();
            check(JCudaDriver.cuGraphExecDestroy(exec), "cuGraphExecDestroy");
        } finally {
            capture.close();
        }
    }
}
