package dev.osteon.app.segment;

import dev.osteon.app.image.GrayImage;
import dev.osteon.app.phantom.Bone;
import dev.osteon.engine.io.AtomicFile;
import dev.osteon.models.sam.Picture;
import dev.osteon.models.sam.Point;
import java.awt.Color;
import java.awt.Graphics2D;
import java.awt.image.BufferedImage;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Map;
import javax.imageio.ImageIO;
import javax.imageio.stream.ImageOutputStream;
import javax.imageio.stream.MemoryCacheImageOutputStream;

/**
 * A picture for people: the radiograph with outlines, names and prompt points (dots positive, crosses negative). Where
 * Java finds no font, as on a server without any, the names are left out, which a warning tells once.
 */
final class Overlay {

    private static final System.Logger LOG = System.getLogger(Overlay.class.getName());
    private static final int LONGEST = 1400;
    private static final boolean NAMES = textCanBeDrawn();

    private Overlay() {}

    private static boolean textCanBeDrawn() {
        Graphics2D trial = new BufferedImage(1, 1, BufferedImage.TYPE_BYTE_GRAY).createGraphics();
        try {
            trial.drawString(Bone.RADIUS.label(), 0, 0);
            return true;
        } catch (RuntimeException | InternalError | LinkageError e) {     // by what is missing: fonts or library
            LOG.log(System.Logger.Level.WARNING, "overlays are without the bones' names, for Java finds no fonts here "
                    + "(" + e.getMessage() + "); install fontconfig and a font, such as fonts-dejavu-core");
            return false;
        } finally {
            trial.dispose();
        }
    }

    static void write(GrayImage image, Map<Bone, BoneSegment> segments, Path file) throws IOException {
        int step = Math.max(1, (Math.max(image.width(), image.height()) + LONGEST - 1) / LONGEST);
        int width = (image.width() + step - 1) / step;
        int height = (image.height() + step - 1) / step;
        Picture grey = Window.whole(image).of(image);
        BufferedImage picture = new BufferedImage(width, height, BufferedImage.TYPE_INT_RGB);
        for (int y = 0; y < height; y++) {
            for (int x = 0; x < width; x++) {
                int level = grey.samples()[y * step * image.width() + x * step] & 0xFF;
                picture.setRGB(x, y, level << 16 | level << 8 | level);
            }
        }
        Graphics2D graphics = picture.createGraphics();
        segments.forEach((bone, segment) -> {
            Color colour = BoneColour.of(bone);
            outline(picture, segment.mask(), step, colour.getRGB());
            graphics.setColor(colour);
            for (Point p : segment.prompt().positive()) {
                graphics.fillOval((int) p.x() / step - 3, (int) p.y() / step - 3, 7, 7);
            }
            for (Point p : segment.prompt().negative()) {
                int x = (int) p.x() / step;
                int y = (int) p.y() / step;
                graphics.drawLine(x - 3, y - 3, x + 3, y + 3);
                graphics.drawLine(x - 3, y + 3, x + 3, y - 3);
            }
            if (NAMES) {
                Point middle = segment.prompt().positive().get(segment.prompt().positive().size() / 2);
                graphics.drawString(bone.label(), (int) middle.x() / step + 6, (int) middle.y() / step);
            }
        });
        graphics.dispose();
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        try (ImageOutputStream stream = new MemoryCacheImageOutputStream(bytes)) {   // not a file for temporary data
            ImageIO.write(picture, "png", stream);
        }
        AtomicFile.write(file, bytes.toByteArray());
    }

    private static void outline(BufferedImage picture, Mask mask, int step, int rgb) {
        for (int y = 0; y < picture.getHeight(); y++) {
            for (int x = 0; x < picture.getWidth(); x++) {
                boolean edge = inside(mask, x, y, step) && !(inside(mask, x - 1, y, step)
                        && inside(mask, x + 1, y, step) && inside(mask, x, y - 1, step)
                        && inside(mask, x, y + 1, step));
                if (edge) {
                    picture.setRGB(x, y, rgb);
                }
            }
        }
    }

    private static boolean inside(Mask mask, int x, int y, int step) {
        return mask.holds(new Point(x * step, y * step));
    }
}
