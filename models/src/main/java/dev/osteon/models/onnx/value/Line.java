package dev.osteon.models.onnx.value;

/** Text with names from a file, which may put anything into them, for a terminal. */
public final class Line {

    private static final int LONGEST = 1000;

    private Line() {}

    /** One line of at most a thousand characters: no breaks, no controls, nothing that turns the direction. */
    public static String of(String text) {
        String clean = text.replaceAll("[\\p{Cc}\\p{Cf}\\p{Zl}\\p{Zp}]+", " ");
        return clean.length() <= LONGEST ? clean : clean.substring(0, LONGEST) + "…";
    }
}
