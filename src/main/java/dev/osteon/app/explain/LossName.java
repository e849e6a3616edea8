package dev.osteon.app.explain;

import dev.osteon.app.UserError;
import java.util.Arrays;
import java.util.Locale;

/** The losses that can be explained. */
public enum LossName {
    NTXENT, SUPCON, SWAV, VICREG;

    /** @throws UserError for any other name */
    public static LossName of(String given) {
        return Arrays.stream(values()).filter(name -> name.label().equals(given)).findFirst()
                .orElseThrow(() -> new UserError("explain: given " + given + "; expected ntxent (SimCLR's loss) or "
                        + "supcon or swav or vicreg"));
    }

    /** As on the command line and in the names of pages. */
    public String label() {
        return name().toLowerCase(Locale.ROOT);
    }

    Walk walk(Example example) {
        return switch (this) {
            case NTXENT -> new NtXentWalk();
            case SUPCON -> new SupConWalk(example.labels());
            case SWAV -> SwavWalk.of(example);
            case VICREG -> new VicRegWalk();
        };
    }
}
