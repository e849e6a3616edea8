package dev.osteon.app.segment;

import dev.osteon.app.phantom.Bone;
import java.awt.Color;
import java.util.List;

/** The colours that bones have in pictures and on pages: seven that differ in hue and lightness. */
public final class BoneColour {

    private static final List<Color> SEVEN = List.of(new Color(0xE6194B), new Color(0x3CB44B), new Color(0xFFE119),
            new Color(0x4363D8), new Color(0xF58231), new Color(0x42D4F4), new Color(0xF032E6));

    private BoneColour() {}

    public static Color of(Bone bone) {
        return SEVEN.get(bone.ordinal());
    }

    /** As CSS writes it: {@code #e6194b}. */
    public static String css(Bone bone) {
        return String.format("#%06x", of(bone).getRGB() & 0xFFFFFF);
    }
}
