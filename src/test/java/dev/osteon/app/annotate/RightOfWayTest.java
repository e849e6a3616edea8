package dev.osteon.app.annotate;

import static org.assertj.core.api.Assertions.assertThat;

import dev.osteon.engine.dispatch.Dispatcher;
import dev.osteon.engine.memory.TensorScope;
import dev.osteon.engine.op.Ops;
import dev.osteon.engine.tensor.Device;
import dev.osteon.engine.tensor.Shape;
import dev.osteon.engine.tensor.Tensor;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class RightOfWayTest {

    private final RightOfWay rightOfWay = new RightOfWay();
    private final Dispatcher.Registration registration = Dispatcher.listen(rightOfWay);
    private final AtomicBoolean stop = new AtomicBoolean();
    private final AtomicInteger done = new AtomicInteger();
    private final CountDownLatch started = new CountDownLatch(1);

    @AfterEach
    void end() {
        stop.set(true);
        registration.close();
    }

    private void work() {
        try (TensorScope scope = TensorScope.open()) {
            Tensor ones = Tensor.of(Device.REFERENCE, Shape.of(2), new float[] {1, 1});
            while (!stop.get()) {
                try (TensorScope step = TensorScope.open()) {
                    Ops.add(ones, ones);
                }
                done.incrementAndGet();
                started.countDown();
            }
        }
    }

    private static void waitFor(Thread thread, Thread.State state) throws InterruptedException {
        for (int i = 0; i < 10_000 && thread.getState() != state; i++) {
            Thread.sleep(1);
        }
        assertThat(thread.getState()).isEqualTo(state);
    }

    @Test
    void theBackgroundStandsStillBetweenTwoOperations() throws Exception {
        Thread background = Thread.ofPlatform().daemon().start(() -> rightOfWay.behind(() -> {
            work();
            return 0;
        }));
        assertThat(started.await(10, TimeUnit.SECONDS)).isTrue();
        int meanwhile = rightOfWay.first(() -> {
            waitFor(background, Thread.State.WAITING);
            int before = done.get();
            try (TensorScope scope = TensorScope.open()) {      // the first one's own operations run
                Tensor ones = Tensor.of(Device.REFERENCE, Shape.of(2), new float[] {1, 1});
                assertThat(Ops.add(ones, ones).toFloats()).containsExactly(2, 2);
            }
            assertThat(background.getState()).isEqualTo(Thread.State.WAITING);
            return done.get() - before;
        });
        assertThat(meanwhile).isZero();
        int before = done.get();
        for (int i = 0; i < 10_000 && done.get() == before; i++) {
            Thread.sleep(1);
        }
        assertThat(done.get()).isGreaterThan(before);
    }

    @Test
    void whatIsNotInTheBackgroundGoesOn() throws Exception {
        Thread other = Thread.ofPlatform().daemon().start(this::work);
        assertThat(started.await(10, TimeUnit.SECONDS)).isTrue();
        assertThat(rightOfWay.<Boolean, InterruptedException>first(() -> {
            int before = done.get();
            for (int i = 0; i < 10_000 && done.get() == before; i++) {
                Thread.sleep(1);
            }
            return done.get() > before;
        })).isTrue();
        stop.set(true);
        other.join(10_000);
    }
}
