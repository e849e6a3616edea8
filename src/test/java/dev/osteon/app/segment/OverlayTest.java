package dev.osteon.app.segment;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.osteon.app.image.GrayImage;
import dev.osteon.app.phantom.Bone;
import dev.osteon.models.sam.Point;
import dev.osteon.models.sam.PointPrompt;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class OverlayTest {

    private static final int SIDE = 60;

    @TempDir
    Path folder;

    /** Writes an overlay of a square bone: for a process of its own. */
    public static void main(String[] arguments) throws IOException {
        write(Path.of(arguments[0]));
    }

    private static void write(Path file) throws IOException {
        boolean[] inside = new boolean[SIDE * SIDE];
        for (int y = 20; y < 40; y++) {
            Arrays.fill(inside, y * SIDE + 10, y * SIDE + 30, true);
        }
        PointPrompt prompt = new PointPrompt(List.of(new Point(20, 30)), List.of(new Point(50, 50)));
        Overlay.write(GrayImage.black(SIDE, SIDE, 8), Map.of(Bone.ULNA, new BoneSegment(Bone.ULNA,
                new Mask(SIDE, SIDE, inside), prompt, 1, List.of())), file);
    }

    @Test
    void outlinePointsAndNameAreDrawn() throws IOException {
        Path file = folder.resolve("overlay.png");
        write(file);
        var picture = ImageIO.read(file.toFile());
        int colour = BoneColour.of(Bone.ULNA).getRGB();
        assertThat(picture.getRGB(10, 25)).as("the outline").isEqualTo(colour);
        assertThat(picture.getRGB(15, 23)).as("within it").isEqualTo(0xff000000);
        assertThat(picture.getRGB(20, 30)).as("a positive point").isEqualTo(colour);
        assertThat(picture.getRGB(47, 47)).as("a negative point").isEqualTo(colour);
        long name = 0;
        for (int y = 20; y < 34; y++) {
            for (int x = 31; x < SIDE; x++) {
                name += picture.getRGB(x, y) == 0xff000000 ? 0 : 1;
            }
        }
        assertThat(name).as("pixels of the name").isGreaterThan(10);
    }

    @Test
    void withoutFontsTheNameIsLeftOut() throws Exception {
        assumeTrue(System.getProperty("os.name").equals("Linux"), "fonts are hidden by fontconfig's way on Linux");
        Path file = folder.resolve("overlay.png");
        Path output = folder.resolve("output");
        Path none = Files.writeString(folder.resolve("fonts.conf"), "<?xml version=\"1.0\"?><fontconfig></fontconfig>");
        ProcessBuilder builder = new ProcessBuilder(Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-Djava.awt.headless=true", "-Duser.home=" + folder, "-cp", System.getProperty("java.class.path"),
                OverlayTest.class.getName(), file.toString());
        builder.environment().put("FONTCONFIG_FILE", none.toString());
        Process process = builder.redirectErrorStream(true).redirectOutput(output.toFile()).start();
        assertThat(process.waitFor()).as(Files.readString(output)).isZero();
        assertThat(output).content().contains("without the bones' names", "install fontconfig");
        var picture = ImageIO.read(file.toFile());
        assertThat(picture.getRGB(10, 25)).as("the outline").isEqualTo(BoneColour.of(Bone.ULNA).getRGB());
        for (int x = 31; x < SIDE; x++) {
            assertThat(picture.getRGB(x, 28)).isEqualTo(0xff000000);
        }
    }
}
