package dev.osteon.bench.result;

import com.fasterxml.jackson.annotation.JsonProperty;
import java.util.List;

/**
 * One implementation's times of a case.
 *
 * @param name         {@code osteon}, or a peer as {@code --vs} takes it
 * @param description  of the implementation, in its own words
 * @param milliseconds of one run in each round
 * @param peakMib      the most memory of the process, the Java virtual machine's included
 * @param failure      why there are no times; empty otherwise
 */
public record Side(String name, String description, List<Double> milliseconds, long peakMib, String failure) {

    /** That an implementation could not be measured. */
    public static Side failed(String name, String why) {
        return new Side(name, "", List.of(), 0, why);
    }

    /** Whether there are times. */
    public boolean measured() {
        return !milliseconds.isEmpty();
    }

    /** Median and extremes over the rounds; written for readers of the file, and computed anew when it is read. */
    @JsonProperty(value = "spread", access = JsonProperty.Access.READ_ONLY)
    public Spread spread() {
        return Spread.of(milliseconds);
    }
}
