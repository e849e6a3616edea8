package dev.osteon.app.run;

import dev.osteon.app.report.RunResult;
import java.awt.Color;
import java.awt.Graphics2D;
import java.awt.RenderingHints;
import java.awt.image.BufferedImage;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.List;
import javax.imageio.ImageIO;

/** Grey levels as PNG bytes, for reports. */
final class Pictures {

    private static final int GAP = 6;
    private static final int SEGMENT_HEIGHT = 96;

    private Pictures() {}

    /** All pictures on one: a row for each segment, its views right of it in their own size. */
    static byte[] sheet(List<RunResult.Picture> pictures) {
        List<List<BufferedImage>> rows = new ArrayList<>();
        for (RunResult.Picture picture : pictures) {
            List<BufferedImage> row = new ArrayList<>(List.of(ofHeight(decode(picture.segment()), SEGMENT_HEIGHT)));
            picture.views().forEach(view -> row.add(decode(view)));
            rows.add(row);
        }
        int first = rows.stream().mapToInt(row -> row.getFirst().getWidth()).max().orElse(1);
        int width = rows.stream().mapToInt(row -> row.stream().skip(1).mapToInt(i -> i.getWidth() + GAP).sum()).max()
                .orElse(0) + first;
        int height = rows.stream().mapToInt(Pictures::height).map(h -> h + GAP).sum() + GAP;
        BufferedImage sheet = new BufferedImage(width + 2 * GAP, height, BufferedImage.TYPE_BYTE_GRAY);
        Graphics2D drawing = sheet.createGraphics();
        drawing.setColor(Color.DARK_GRAY);             // so that a view's own black background can be told from it
        drawing.fillRect(0, 0, sheet.getWidth(), sheet.getHeight());
        int y = GAP;
        for (List<BufferedImage> row : rows) {
            drawing.drawImage(row.getFirst(), GAP, y, null);
            int x = 2 * GAP + first;
            for (BufferedImage view : row.subList(1, row.size())) {
                drawing.drawImage(view, x, y, null);
                x += view.getWidth() + GAP;
            }
            y += height(row) + GAP;
        }
        drawing.dispose();
        return encode(sheet);
    }

    private static int height(List<BufferedImage> row) {
        return row.stream().mapToInt(BufferedImage::getHeight).max().orElse(0);
    }

    private static BufferedImage ofHeight(BufferedImage image, int height) {
        int width = Math.max(1, Math.round((float) image.getWidth() * height / image.getHeight()));
        BufferedImage scaled = new BufferedImage(width, height, BufferedImage.TYPE_BYTE_GRAY);
        Graphics2D drawing = scaled.createGraphics();
        drawing.setRenderingHint(RenderingHints.KEY_INTERPOLATION, RenderingHints.VALUE_INTERPOLATION_BILINEAR);
        drawing.drawImage(image, 0, 0, width, height, null);
        drawing.dispose();
        return scaled;
    }

    private static BufferedImage decode(byte[] png) {
        try {
            return ImageIO.read(new ByteArrayInputStream(png));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** @param pixels [height, width] in 0 to 1 */
    static byte[] png(float[] pixels, int height, int width) {
        BufferedImage image = new BufferedImage(width, height, BufferedImage.TYPE_BYTE_GRAY);
        for (int y = 0; y < height; y++) {
            for (int x = 0; x < width; x++) {
                image.getRaster().setSample(x, y, 0, Math.round(255 * Math.clamp(pixels[y * width + x], 0f, 1f)));
            }
        }
        return encode(image);
    }

    private static byte[] encode(BufferedImage image) {
        try (ByteArrayOutputStream bytes = new ByteArrayOutputStream()) {
            ImageIO.write(image, "png", bytes);
            return bytes.toByteArray();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
