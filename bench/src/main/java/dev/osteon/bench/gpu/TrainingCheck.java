package dev.osteon.bench.gpu;

import com.fasterxml.jackson.databind.ObjectMapper;
import dev.osteon.bench.step.OsteonStep;
import dev.osteon.engine.backend.Backend;
import dev.osteon.engine.tensor.DType;
import dev.osteon.engine.tensor.Device;
import dev.osteon.models.ResNetSpec;
import java.io.IOException;
import java.io.PrintStream;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * A short training run on the GPU and on the CPU, from the same weights with the same images: losses must agree step by
 * step within a band, which is relative to the CPU's loss.
 */
record TrainingCheck(Backend gpu, Sizes sizes) {

    private static final int STEPS = 10;
    private static final int BATCH = 16;
    private static final int IMAGE = 64;
    /** So small that one machine's rounding does not grow into another path within the steps. */
    private static final double LEARNING_RATE = 2e-4;

    /**
     * One run on the GPU.
     *
     * @param band largest deviation from the CPU's float32 loss, as a share of it
     */
    private record Run(String name, Optional<DType> autocast, double band) {}

    private static final List<Run> RUNS = List.of(new Run("f32", Optional.empty(), 5e-4),
            new Run("bf16", Optional.of(DType.BF16), 2e-2));

    /** Prints a line of JSON for each run; says whether all are within their band. */
    boolean print(PrintStream out) throws IOException {
        double[] cpu = losses(Device.CPU, Optional.empty());
        boolean passed = true;
        for (Run run : RUNS) {
            double[] losses = losses(gpu.device(), run.autocast);
            double worst = 0;
            for (int i = 0; i < STEPS; i++) {
                double deviation = Math.abs(losses[i] - cpu[i]) / Math.abs(cpu[i]);
                worst = Double.isNaN(deviation) ? Double.POSITIVE_INFINITY : Math.max(worst, deviation);
            }
            Map<String, Object> row = new LinkedHashMap<>();
            row.put("run", run.name);
            row.put("CPU f32", cpu);
            row.put("GPU", losses);
            row.put("band", run.band);
            row.put("largest deviation", worst);
            row.put("within the band", worst <= run.band);
            out.println(new ObjectMapper().writeValueAsString(row));
            passed &= worst <= run.band;
        }
        out.flush();
        return passed;
    }

    private double[] losses(Device device, Optional<DType> autocast) {
        OsteonStep step = new OsteonStep(device, autocast, ResNetSpec.resnet18().withWidth(Math.min(32, sizes.width())),
                BATCH, Math.min(IMAGE, sizes.image()), LEARNING_RATE);
        try {
            List<Double> losses = new ArrayList<>();
            for (int i = 0; i < STEPS; i++) {
                losses.add(step.run());
            }
            return losses.stream().mapToDouble(Double::doubleValue).toArray();
        } finally {
            step.close();
        }
    }
}
