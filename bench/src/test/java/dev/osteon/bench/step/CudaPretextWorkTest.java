package dev.osteon.bench.step;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.osteon.engine.backend.cuda.CudaEmulator;
import dev.osteon.nn.TrainingPrecision;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** What the host has to do with a training step on a GPU. */
class CudaPretextWorkTest {

    private static final int BATCH = 2;
    /** Of the first, one runs by itself, one is recorded and one compared with the recording. */
    private static final int STEPS = 4;

    @BeforeAll
    static void open() {
        CudaEmulator.backend();
    }

    /** Views are drawn and cut on the device; an epoch has two steps. */
    @Test
    void aStepUploadsItsSamplesNumbersAndTheLearningRate() {
        assumeTrue(CudaEmulator.isEmulated(), "a GPU does not count");
        long step = (1 + BATCH) * (long) Integer.BYTES;
        long key = Long.BYTES;
        try (PretextWork work = new PretextWork(CudaEmulator.DEVICE, new PretextWork.Setting(BATCH,
                PretextWork.crops(32, 16), 4, 2 * BATCH, TrainingPrecision.FLOAT32))) {
            for (int i = 0; i < STEPS; i++) {
                work.step();
            }
            assertThat(uploadedBy(work)).as("the first step of an epoch").isEqualTo(step + key);
            assertThat(uploadedBy(work)).as("another").isEqualTo(step);
            assertThat(work.loss()).isPositive().isFinite();
        }
    }

    private static long uploadedBy(PretextWork work) {
        long before = CudaEmulator.uploaded();
        work.step();
        return CudaEmulator.uploaded() - before;
    }
}
