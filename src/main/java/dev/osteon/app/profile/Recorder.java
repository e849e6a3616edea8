package dev.osteon.app.profile;

import dev.osteon.engine.backend.Backend;
import dev.osteon.engine.backend.Backends;
import dev.osteon.engine.backend.DeviceClock;
import dev.osteon.engine.dispatch.OpListener;
import dev.osteon.engine.dispatch.Span;
import dev.osteon.engine.op.Cost;
import dev.osteon.engine.op.Op;
import dev.osteon.engine.tensor.Device;
import dev.osteon.engine.tensor.Tensor;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.Collectors;

/**
 * Writes down every operation with its time, work and place. Sums are of all of them, single events are kept up to a
 * limit. On a GPU the times are the device's own, between marks queued before and behind each operation: nothing waits
 * for it, and gaps are the real ones of steps that run operation by operation.
 */
final class Recorder implements OpListener {

    /** A snapshot of who holds memory is taken when there is so much more of it than at the last one. */
    private static final double WORTH_A_SNAPSHOT = 1.01;
    private static final int HOLDERS = 40;
    private static final int MOST_QUEUED = 4096;
    /** Among the numbers of threads, where a device's operations are shown. */
    private static final long DEVICE_TRACK = -1;
    private static final int SHOWN = 4;
    private static final Profile.Row NOWHERE = new Profile.Row("", "", "", "", 0, 0, 0, 0);

    /** Which steps are recorded: from the first to the last, counted from 1; outside of steps nothing is. */
    record Steps(int first, int last) {

        boolean holds(int step) {
            return step >= first && step <= last;
        }
    }

    /** An operation or a span, in nanoseconds since the start. */
    record Event(String name, String category, Profile.Row where, long thread, long start, long nanos) {}

    /** Bytes of live tensors after an operation. */
    record Memory(long at, String phase, long bytes) {}

    private record Key(String op, String shapes, String phase, String module) {}

    /** An operation that was run or queued. */
    private record Ran(Key key, Cost cost, long bytes) {}

    /** One that a device has yet to do, between two marks. */
    private record Queued(Ran ran, DeviceClock.Mark begin, DeviceClock.Mark end) {}

    private static final class Sum {
        private long count;
        private long nanos;
        private double flops;
        private double bytes;
    }

    private final Optional<Steps> wanted;
    private final int most;
    private final long origin = System.nanoTime();
    private final Map<Key, Sum> sums = new HashMap<>();
    private final List<Event> events = new ArrayList<>();
    private final List<Memory> memory = new ArrayList<>();
    private final Map<Long, String> threads = new LinkedHashMap<>();
    /** When each span began, in nanoseconds since the start. */
    private final Map<Span, Long> open = new ConcurrentHashMap<>();
    private final ThreadLocal<DeviceClock.Mark> begun = new ThreadLocal<>();
    private final List<Queued> queued = new ArrayList<>();
    /** The last mark that was looked at, and when that was. */
    private Optional<DeviceClock.Mark> passed = Optional.empty();
    private long passedAt;
    private Map<String, Long> holders = Map.of();
    private Optional<Device> device = Optional.empty();
    private long peak;
    private long left;
    private int step;
    private int recorded;
    private long first = Long.MAX_VALUE;
    private long last;

    /** @param most events to keep one by one */
    Recorder(Optional<Steps> wanted, int most) {
        this.wanted = wanted;
        this.most = most;
    }

    @Override
    public void ran(Op op, List<Tensor> inputs, List<Tensor> outputs, long nanos) {
        long end = System.nanoTime();
        Optional<DeviceClock.Mark> begin = begun();
        if (!wants(!Span.innermost(Span.Kind.STEP).isEmpty())) {
            begin.ifPresent(DeviceClock.Mark::close);
            return;
        }
        Backend backend = Backends.of(inputs.getFirst().device());
        Cost cost = op.cost(inputs.stream().map(Tensor::spec).toList(), outputs.stream().map(Tensor::spec).toList());
        String phase = Span.innermost(Span.Kind.PHASE);
        Key key = new Key(op.name(), shapes(inputs), phase, Span.innermost(Span.Kind.MODULE));
        Ran ran = new Ran(key, cost, backend.allocator().stats().active());
        hold(ran, backend);
        if (begin.isPresent()) {
            queued(new Queued(ran, begin.get(), backend.clock().orElseThrow().mark()));
        } else {
            add(ran, Thread.currentThread().threadId(), Thread.currentThread().getName(), end - nanos - origin, nanos);
        }
    }

    @Override
    public void begins(Op op, List<Tensor> inputs) {
        Backend backend = Backends.of(inputs.getFirst().device());
        if (backend.clock().isPresent() && wants(!Span.innermost(Span.Kind.STEP).isEmpty())) {
            setClock(backend, backend.clock().get());
            begun.set(backend.clock().get().mark());
        }
    }

    @Override
    public void failed(Op op) {
        begun().ifPresent(DeviceClock.Mark::close);
    }

    /** The mark before this thread's operation, if it has one. */
    private Optional<DeviceClock.Mark> begun() {
        Optional<DeviceClock.Mark> mark = Optional.ofNullable(begun.get());
        begun.remove();
        return mark;
    }

    /** Before the first operation on a device both clocks are read, with nothing queued between. */
    private synchronized void setClock(Backend backend, DeviceClock clock) {
        if (passed.isEmpty()) {
            backend.synchronize();
            passed = Optional.of(clock.mark());
            passedAt = System.nanoTime() - origin;
        }
    }

    /** Keeps an operation until the device has done it, or so many are kept that they are worth a wait. */
    private synchronized void queued(Queued operation) {
        queued.add(operation);
        if (queued.size() == MOST_QUEUED) {
            resolve();
        }
    }

    /** Waits for the operations that are kept and writes them down, from mark to mark, so that no error grows. */
    private synchronized void resolve() {
        for (Queued operation : queued) {
            long start = passedAt + operation.begin.nanosSince(passed.orElseThrow());
            long nanos = operation.end.nanosSince(operation.begin);
            passed.orElseThrow().close();
            operation.begin.close();
            passed = Optional.of(operation.end);
            passedAt = start + nanos;
            add(operation.ran, DEVICE_TRACK, device.map(Device::toString).orElse("device"), start, nanos);
        }
        queued.clear();
    }

    private static String shapes(List<Tensor> inputs) {
        return inputs.stream().limit(SHOWN).map(t -> t.spec().toString()).collect(Collectors.joining(" "))
                + (inputs.size() > SHOWN ? " … " + inputs.size() + " operands" : "");
    }

    /** Looks who holds memory when there is more of it than ever. */
    private synchronized void hold(Ran ran, Backend backend) {
        device = Optional.of(backend.device());
        if (ran.bytes > peak * WORTH_A_SNAPSHOT) {
            peak = ran.bytes;
            holders = backend.allocator().holders();
        }
    }

    private synchronized void add(Ran ran, long track, String trackName, long start, long nanos) {
        Key key = ran.key;
        Cost cost = ran.cost;
        Sum sum = sums.computeIfAbsent(key, k -> new Sum());
        sum.count++;
        sum.nanos += nanos;
        sum.flops += cost.flops();
        sum.bytes += cost.bytes();
        first = Math.min(first, start);
        last = Math.max(last, start + nanos);
        if (keep(trackName, new Event(key.op, "op", new Profile.Row(key.op, key.shapes, key.phase, key.module, 1,
                nanos / 1e9, cost.flops(), cost.bytes()), track, start, nanos))) {
            memory.add(new Memory(start + nanos, key.phase, ran.bytes));
        }
        OperationEvent.commit(key.op, key.shapes, key.phase, key.module, nanos, cost);
    }

    private boolean keep(String trackName, Event event) {
        threads.putIfAbsent(event.thread, trackName);
        if (events.size() >= most) {
            left++;
            return false;
        }
        return events.add(event);
    }

    /** Of chosen steps what happens within them, otherwise everything. */
    private synchronized boolean wants(boolean withinAStep) {
        return wanted.isEmpty() || withinAStep && wanted.get().holds(step);
    }

    @Override
    public void opened(Span span) {
        if (span.kind() == Span.Kind.STEP) {
            synchronized (this) {
                step++;
                recorded += wanted.isEmpty() || wanted.get().holds(step) ? 1 : 0;
            }
        }
        open.put(span, System.nanoTime() - origin);
    }

    @Override
    public void closed(Span span) {
        Optional<Long> start = Optional.ofNullable(open.remove(span));      // none if it began before we listened
        boolean within = span.kind() == Span.Kind.STEP || !Span.innermost(Span.Kind.STEP).isEmpty();
        synchronized (this) {
            if (start.isPresent() && wants(within)) {
                String kind = span.kind().name().toLowerCase(Locale.ROOT);
                keep(Thread.currentThread().getName(), new Event(span.name(), kind, NOWHERE,
                        Thread.currentThread().threadId(), start.get(), System.nanoTime() - origin - start.get()));
            }
        }
    }

    /** The device of the last operation; empty when none was recorded. */
    synchronized Optional<Device> device() {
        return device;
    }

    synchronized List<Event> events() {
        resolve();
        return List.copyOf(events);
    }

    synchronized List<Memory> memory() {
        resolve();
        return List.copyOf(memory);
    }

    synchronized Map<Long, String> threads() {
        resolve();
        return Map.copyOf(threads);
    }

    /** Operations that were counted in the sums alone. */
    synchronized long left() {
        resolve();
        return left;
    }

    /** All of it, added up. */
    synchronized Profile profile(String command, Map<String, String> facts, Peaks peaks) {
        resolve();
        List<Profile.Row> rows = sums.entrySet().stream().map(e -> new Profile.Row(e.getKey().op, e.getKey().shapes,
                        e.getKey().phase, e.getKey().module, e.getValue().count, e.getValue().nanos / 1e9,
                        e.getValue().flops, e.getValue().bytes))
                .sorted(Comparator.comparingDouble(Profile.Row::seconds).reversed()).toList();
        Map<String, Long> largest = new LinkedHashMap<>();
        holders.entrySet().stream().sorted(Map.Entry.<String, Long>comparingByValue().reversed()).limit(HOLDERS)
                .forEach(e -> largest.put(e.getKey(), e.getValue()));
        double seconds = sums.isEmpty() ? 0 : (last - first) / 1e9;
        return new Profile(command, facts, peaks, seconds, recorded, rows, Thinning.of(memory, first), largest);
    }
}
