package dev.osteon.app.run;

import dev.osteon.app.UserError;
import dev.osteon.app.config.RunConfig;
import dev.osteon.engine.backend.Backends;
import dev.osteon.engine.backend.LowPrecision;
import dev.osteon.engine.tensor.DType;
import dev.osteon.engine.tensor.Device;
import dev.osteon.nn.TrainingPrecision;
import java.util.Locale;
import java.util.Optional;

/**
 * What a run trains in, and why.
 *
 * @param why for people, as {@code the default on cpu: this processor has AMX}
 */
public record PrecisionChoice(TrainingPrecision precision, String why) {

    /** What the device is made for. */
    public static PrecisionChoice on(Device device) {
        LowPrecision low = Backends.of(device).lowPrecision();
        return new PrecisionChoice(low.type().filter(type -> type == DType.BF16).isPresent() ? TrainingPrecision.BF16
                : TrainingPrecision.FLOAT32, "the default on " + device + ": " + low.reason());
    }

    /**
     * What was asked for, on this device.
     *
     * @param begun what the run was begun in, if it goes on: it goes on in that
     * @throws UserError when something else is asked for than it was begun in
     */
    static PrecisionChoice of(RunConfig.Precision asked, Device device, Optional<TrainingPrecision> begun) {
        if (asked == RunConfig.Precision.AUTO) {
            return begun.map(p -> new PrecisionChoice(p, "as the run was begun")).orElseGet(() -> on(device));
        }
        TrainingPrecision precision = TrainingPrecision.valueOf(asked.name());
        begun.filter(p -> p != precision).ifPresent(p -> {
            throw new UserError("--precision: given " + precision.label() + " for a run that was begun in " + p.label()
                    + "; expected the same; start a new run for another");
        });
        return new PrecisionChoice(precision, "asked for");
    }

    @Override
    public String toString() {
        return String.format(Locale.ROOT, "%s (%s)", precision.label(), why);
    }
}
