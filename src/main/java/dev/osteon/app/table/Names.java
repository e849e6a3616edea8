package dev.osteon.app.table;

import dev.osteon.app.config.RunConfig.Method;
import dev.osteon.app.config.RunConfig.Views.Sampling;

/** Names as the papers write them. */
final class Names {

    private Names() {}

    static String of(Method method) {
        return switch (method) {
            case SUPERVISED -> "Supervised";
            case SIMCLR -> "SimCLR";
            case SUPCON -> "SupCon";
            case SWAV -> "SwAV";
            case VICREG -> "VICReg";
        };
    }

    static String of(Sampling sampling) {
        return switch (sampling) {
            case PLAIN -> "multi-crop";
            case EXTENDED -> "extended multi-crop";
        };
    }
}
