package dev.osteon.app.segment;

import java.util.Locale;

/** What is done to the decoder's first mask; each can be left out, so that its worth can be measured. */
public enum Step {
    /** Negative points in the dark valleys between the bone and its neighbours, found from the prompts of both. */
    VALLEYS,
    /** Further passes of the decoder with the mask before as {@code mask_input}. */
    SECOND_PASS,
    /** The encoder looks at an enlarged window around the bone as well. */
    ZOOM,
    /** Of several masks the one that agrees best with the prompts, not the last. */
    CHOICE,
    /** The largest piece that holds positive points, without holes and specks. */
    CLEANUP;

    /** As on the command line: {@code second-pass}. */
    public String label() {
        return name().toLowerCase(Locale.ROOT).replace('_', '-');
    }
}
