package dev.osteon.engine.backend.cuda;

import static dev.osteon.engine.backend.cuda.CudaFailure.check;

import dev.osteon.engine.EngineException;
import dev.osteon.engine.dispatch.Dispatcher;
import dev.osteon.engine.dispatch.OpListener;
import dev.osteon.engine.dispatch.Span;
import dev.osteon.engine.op.Op;
import dev.osteon.engine.tensor.Tensor;
import java.util.List;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import jcuda.driver.JCudaDriver;

/**
 * Tells NVIDIA's profilers which training steps to look at: {@code -Dosteon.cuda.profile=20-22} starts them before the
 * twentieth and stops them behind the twenty-second. It hears of steps alone, so that these are recorded as graphs as
 * ever.
 */
final class ProfiledSteps implements OpListener {

    private static final String PROPERTY = "osteon.cuda.profile";
    private static final Pattern RANGE = Pattern.compile("([1-9]\\d{0,8})(?:-([1-9]\\d{0,8}))?");

    private final CudaRuntime cuda;
    private final int first;
    private final int last;
    private int step;

    private ProfiledSteps(CudaRuntime cuda, int first, int last) {
        this.cuda = cuda;
        this.first = first;
        this.last = last;
    }

    /**
     * Begins to count steps, if steps are asked for.
     *
     * @throws EngineException when what is asked for is none
     */
    static Optional<Dispatcher.Registration> whenAskedFor(CudaRuntime cuda) {
        return Optional.ofNullable(System.getProperty(PROPERTY)).map(given -> {
            Matcher range = RANGE.matcher(given.strip());
            if (!range.matches() || range.group(2) != null
                    && Integer.parseInt(range.group(2)) < Integer.parseInt(range.group(1))) {
                throw new EngineException("-D" + PROPERTY + ": given " + given
                        + "; expected the first and the last step, counted from 1, as 20-22");
            }
            int first = Integer.parseInt(range.group(1));
            int last = range.group(2) == null ? first : Integer.parseInt(range.group(2));
            return Dispatcher.listen(new ProfiledSteps(cuda, first, last));
        });
    }

    @Override
    public boolean hearsOperations() {
        return false;
    }

    @Override
    public void ran(Op op, List<Tensor> inputs, List<Tensor> outputs, long nanos) {
        // steps alone count
    }

    @Override
    public synchronized void opened(Span span) {
        if (span.kind() == Span.Kind.STEP && ++step == first) {
            cuda.synchronize();
            check(JCudaDriver.cuProfilerStart(), "cuProfilerStart");
        }
    }

    @Override
    public synchronized void closed(Span span) {
        if (span.kind() == Span.Kind.STEP && step == last) {
            cuda.synchronize();
            check(JCudaDriver.cuProfilerStop(), "cuProfilerStop");
        }
    }
}
