package dev.osteon.engine.dispatch;

import dev.osteon.engine.DeviceFailedException;
import dev.osteon.engine.EngineException;
import dev.osteon.engine.NotRecordableException;
import dev.osteon.engine.backend.Backend;
import dev.osteon.engine.backend.Backends;
import dev.osteon.engine.backend.Recorder;
import dev.osteon.engine.backend.Recording;
import dev.osteon.engine.memory.MemoryReserve;
import dev.osteon.engine.memory.TensorScope;
import dev.osteon.engine.tensor.DType;
import dev.osteon.engine.tensor.Device;
import dev.osteon.engine.tensor.Tensor;
import dev.osteon.engine.tensor.TensorSpec;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;

/**
 * A step of many operations that is done again and again, recorded and then queued as a whole: on a GPU as a CUDA
 * graph, which has no gaps between kernels and costs the host next to nothing. The first step of its kind runs
 * operation by operation, so that whatever is prepared once is there. The second is recorded. The third is recorded
 * once more and compared: a number of the host's that has changed means that recordings would repeat an old one, and
 * then, as on a device that cannot record and while somebody listens to the dispatcher, every step runs operation by
 * operation. The results are the same to the bit either way.
 *
 * <p>One recording is kept. A step of another kind gives it and its memory up, and so does work between the steps that
 * finds no other memory.
 */
public final class Replay implements AutoCloseable {

    private static final int ATTEMPTS = 3;

    private final Backend backend;
    private final Optional<Recorder> recorder;
    private Optional<Kind> kind = Optional.empty();
    private Optional<Recorded> recorded = Optional.empty();
    private int failures;
    private Optional<String> way = Optional.empty();

    /**
     * What must be the same for a recording to be that of a step.
     *
     * @param variant what else than the other two decides which operations a step consists of
     * @param low     of {@link Dispatcher#autocast()}
     */
    private record Kind(Object variant, Optional<DType> low, List<TensorSpec> inputs) {}

    /** A recording and what it works on. */
    private static final class Recorded {

        private final MemoryReserve reserve;
        private final Recording recording;
        private final List<Tensor> inputs;
        private final Tensor result;
        private boolean confirmed;

        Recorded(MemoryReserve reserve, Recording recording, List<Tensor> inputs, Tensor result) {
            this.reserve = reserve;
            this.recording = recording;
            this.inputs = inputs;
            this.result = result;
        }

        void close() {
            try {
                recording.close();
            } finally {
                inputs.forEach(Tensor::close);
                result.close();
                reserve.close();
            }
        }
    }

    private Replay(Backend backend) {
        this.backend = backend;
        this.recorder = backend.recorder();
    }

    /** Of steps on a device, one after the other on one thread. */
    public static Replay on(Device device) {
        return new Replay(Backends.of(device));
    }

    /**
     * Does one step.
     *
     * @param variant equal for steps that do the same operations on inputs of the same shapes, under the same autocast
     * @param inputs  all that differs from step to step, each with its memory to itself; they stay the caller's
     * @param step    reads tensors of the inputs' shapes, may change parameters and buffers in place, and gives back
     *                one result, in the innermost scope; on the host it may only do what can be left out later
     * @return the result, in the innermost scope
     */
    public Tensor run(Object variant, List<Tensor> inputs, Function<List<Tensor>, Tensor> step) {
        Kind now = new Kind(variant, Dispatcher.autocast(), inputs.stream().map(Tensor::spec).toList());
        boolean first = !kind.equals(Optional.of(now));
        if (first) {
            forget();
            kind = Optional.of(now);
            failures = 0;
        }
        if (recorder.isEmpty() || first || failures >= ATTEMPTS) {
            return step.apply(inputs);
        }
        if (Dispatcher.isEachOperationHeard()) {
            return eager("somebody listens to each operation", inputs, step);
        }
        try {
            recorded.filter(r -> !r.confirmed).ifPresent(r -> confirm(r, step));
            return recorded.isPresent() ? queue(recorded.get(), inputs) : record(inputs, step);
        } catch (DeviceFailedException e) {
            throw e;
        } catch (EngineException e) {
            failures++;
            forget();
            return eager(e.getMessage(), inputs, step);
        }
    }

    /**
     * For people: how steps go to the device, and if operation by operation, why. Empty before a second step of one
     * kind, and on a device that cannot record.
     */
    public Optional<String> way() {
        return way;
    }

    /** Whether there is a recording, that of the last step or of one before it of the same kind. */
    public boolean isRecorded() {
        return recorded.isPresent();
    }

    private Tensor eager(String reason, List<Tensor> inputs, Function<List<Tensor>, Tensor> step) {
        way = Optional.of("operation by operation: " + reason);
        return step.apply(inputs);
    }

    private Tensor record(List<Tensor> inputs, Function<List<Tensor>, Tensor> step) {
        MemoryReserve reserve = backend.allocator().reserve(this::forget);
        List<Tensor> fixed = new ArrayList<>();
        try {
            backend.allocator().within(reserve, () -> inputs.forEach(input -> fixed.add(like(input))));
            int before = reserve.live();
            Recorded made = recorded(reserve, fixed, step);
            recorded = Optional.of(made);
            Tensor result = queue(made, inputs);
            if (reserve.live() > before + 1) {        // no recording may write again to what others go on with
                forget();
                failures++;
                way = Optional.of("operation by operation: a step leaves more behind than its result");
            }
            return result;
        } catch (RuntimeException e) {
            if (recorded.isEmpty()) {
                fixed.forEach(Tensor::close);
                reserve.close();
            }
            throw e;
        }
    }

    private static Tensor like(Tensor input) {
        try (TensorScope scope = TensorScope.open()) {
            return scope.release(Tensor.empty(input.device(), input.spec(), "input of a recorded step"));
        }
    }

    private Recorded recorded(MemoryReserve reserve, List<Tensor> fixed, Function<List<Tensor>, Tensor> step) {
        List<Tensor> result = new ArrayList<>();
        List<Recording> recording = new ArrayList<>();
        try {
            backend.allocator().within(reserve, () -> recording.add(recorder.orElseThrow().record(() -> {
                try (TensorScope scope = TensorScope.open()) {
                    result.add(TensorScope.detach(step.apply(fixed)));
                }
            })));
        } catch (RuntimeException e) {
            result.forEach(Tensor::close);
            throw e;
        }
        return new Recorded(reserve, recording.getFirst(), fixed, result.getFirst());
    }

    /** Records a step once more; the numbers in it that are the host's must be those of the first time. */
    private void confirm(Recorded first, Function<List<Tensor>, Tensor> step) {
        Recorded second = recorded(first.reserve, first.inputs, step);
        Optional<String> difference = first.recording.difference(second.recording);
        second.recording.close();
        second.result.close();
        difference.ifPresent(what -> {
            failures = ATTEMPTS;
            throw new NotRecordableException(what + " is not the same in every step");
        });
        first.confirmed = true;
    }

    /** What can fail for want of memory comes first: a step that was queued must not be done once more. */
    private Tensor queue(Recorded made, List<Tensor> inputs) {
        Tensor result = Tensor.empty(backend.device(), made.result.spec(), "result of a recorded step");
        if (recorded.filter(r -> r == made).isEmpty()) {
            throw new NotRecordableException("no memory was left beside the recording");
        }
        for (int i = 0; i < inputs.size(); i++) {
            backend.copy(inputs.get(i).buffer(), made.inputs.get(i).buffer());
        }
        made.recording.queue();
        way = Optional.of("recorded, " + made.recording.size() + " kernels and copies queued as a whole");
        backend.copy(made.result.buffer(), result.buffer());
        return result;
    }

    private void forget() {
        Optional<Recorded> last = recorded;
        recorded = Optional.empty();
        last.ifPresent(Recorded::close);
    }

    @Override
    public void close() {
        forget();
    }
}
