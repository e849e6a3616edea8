package dev.osteon.engine.profile;

import dev.osteon.engine.EngineException;
import dev.osteon.engine.backend.Backends;
import dev.osteon.engine.backend.DeviceProfiler;
import dev.osteon.engine.dispatch.Dispatcher;
import dev.osteon.engine.dispatch.OpListener;
import dev.osteon.engine.dispatch.Span;
import dev.osteon.engine.op.Op;
import dev.osteon.engine.tensor.Device;
import dev.osteon.engine.tensor.Tensor;
import java.util.List;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Tells NVIDIA's profilers which training steps to look at: {@code -Dosteon.cuda.profile=20-22} starts them before the
 * twentieth and stops them behind the twenty-second. It hears of steps alone, so that these are recorded as graphs as
 * ever.
 */
public final class ProfiledSteps implements OpListener {

    private static final String PROPERTY = "osteon.cuda.profile";
    private static final Pattern RANGE = Pattern.compile("([1-9]\\d{0,8})(?:-([1-9]\\d{0,8}))?");
    private static final Device GPU = new Device(Device.Kind.CUDA, 0);

    private final int first;
    private final int last;
    private int step;

    private ProfiledSteps(int first, int last) {
        this.first = first;
        this.last = last;
    }

    /**
     * Begins to count steps, if steps are asked for, until the result is closed.
     *
     * @throws EngineException when what is asked for is none
     */
    public static Optional<Dispatcher.Registration> whenAskedFor() {
        return Optional.ofNullable(System.getProperty(PROPERTY)).map(given -> {
            Matcher range = RANGE.matcher(given.strip());
            if (!range.matches() || range.group(2) != null
                    && Integer.parseInt(range.group(2)) < Integer.parseInt(range.group(1))) {
                throw new EngineException("-D" + PROPERTY + ": given " + given
                        + "; expected the first and the last step, counted from 1, as 20-22");
            }
            int first = Integer.parseInt(range.group(1));
            int last = range.group(2) == null ? first : Integer.parseInt(range.group(2));
            return Dispatcher.listen(new ProfiledSteps(first, last));
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
            profiler().ifPresent(DeviceProfiler::start);
        }
    }

    @Override
    public synchronized void closed(Span span) {
        if (span.kind() == Span.Kind.STEP && step == last) {
            profiler().ifPresent(DeviceProfiler::stop);
        }
    }

    private static Optional<DeviceProfiler> profiler() {
        return Backends.of(GPU).profiler();
    }
}
