package dev.osteon.app.segment;

import dev.osteon.app.image.GrayImage;
import dev.osteon.app.image.ImageFiles;
import dev.osteon.app.phantom.Bone;
import dev.osteon.app.phantom.BoneMask;
import dev.osteon.engine.io.AtomicFile;
import dev.osteon.models.sam.Point;
import java.io.IOException;
import java.io.StringReader;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;
import org.apache.commons.csv.CSVFormat;
import org.apache.commons.csv.CSVPrinter;
import org.apache.commons.csv.CSVRecord;

/**
 * What segmenting leaves: {@code masks/NAME_BONE.png} of the radiograph's size, {@code segments/NAME_BONE.png} (mask
 * times radiograph, cropped, the bit depth kept), {@code overlays/NAME.png}, {@code rows/NAME.csv}, whose presence with
 * the right key says that the image is done, and {@code segments.csv}, all rows.
 */
final class SegmentFolder {

    static final String[] COLUMNS = {"file", "subject", "bone", "area", "positive", "negative", "stability",
        "confidence", "flags", "segment"};
    private static final CSVFormat CSV = CSVFormat.DEFAULT.builder().setRecordSeparator('\n').get();
    private static final int MARGIN_SHARE = 32;

    private final Path path;

    SegmentFolder(Path path) throws IOException {
        this.path = path;
        for (String part : List.of("masks", "segments", "overlays", "rows")) {
            Files.createDirectories(path.resolve(part));
        }
    }

    Path resolve(String name) {
        return path.resolve(name);
    }

    /** The rows of an image that was done with this key; empty when it is still to do. */
    Optional<List<CSVRecord>> done(String name, String key) throws IOException {
        Path file = path.resolve("rows").resolve(name + ".csv");
        if (!Files.exists(file)) {
            return Optional.empty();
        }
        List<CSVRecord> rows = CSV.parse(new StringReader(Files.readString(file))).getRecords();
        boolean same = !rows.isEmpty() && rows.getFirst().get(0).equals(key);
        return same ? Optional.of(rows.subList(1, rows.size())) : Optional.empty();
    }

    /** Writes all of an image, its rows last. */
    List<CSVRecord> write(String name, String key, String file, String subject, GrayImage image,
            Map<Bone, BoneSegment> segments, Prompting.Placed placed) throws IOException {
        StringWriter text = new StringWriter();
        try (CSVPrinter csv = new CSVPrinter(text, CSV)) {
            csv.printRecord(key);
            for (Bone bone : Bone.values()) {
                BoneSegment segment = segments.get(bone);
                Path mask = path.resolve("masks").resolve(name + "_" + bone.label() + ".png");
                Path cut = path.resolve("segments").resolve(name + "_" + bone.label() + ".png");
                if (segment == null || segment.mask().area() == 0) {
                    Files.deleteIfExists(mask);
                    Files.deleteIfExists(cut);
                    csv.printRecord(file, subject, bone.label(), 0, "", "", "", "", segment == null ? "no-prompt"
                            : "empty", "");
                    continue;
                }
                BoneMask tight = BoneMask.of(bone, 0, 0, image.width(), segment.mask().inside());
                int margin = Math.max(2, Math.max(tight.width(), tight.height()) / MARGIN_SHARE);
                ImageFiles.writePng(tight.toImage(image.width(), image.height()), mask);
                ImageFiles.writePng(tight.segment(image, margin), cut);
                csv.printRecord(file, subject, bone.label(), tight.area(), points(segment.prompt().positive()),
                        points(segment.prompt().negative()), decimal(segment.stability()),
                        decimal(placed.confidence().getOrDefault(bone, 0.0)), String.join(" ", segment.flags()),
                        "segments/" + cut.getFileName());
            }
        }
        Overlay.write(image, segments, path.resolve("overlays").resolve(name + ".png"));
        AtomicFile.write(path.resolve("rows").resolve(name + ".csv"), text.toString());
        return done(name, key).orElseThrow();
    }

    /** All rows so far. */
    void writeTable(List<CSVRecord> rows) throws IOException {
        StringWriter text = new StringWriter();
        try (CSVPrinter csv = new CSVPrinter(text, CSV)) {
            csv.printRecord((Object[]) COLUMNS);
            for (CSVRecord row : rows) {
                csv.printRecord(row);
            }
        }
        AtomicFile.write(path.resolve("segments.csv"), text.toString());
    }

    private static String points(List<Point> points) {
        return points.stream().map(p -> String.format(Locale.ROOT, "%.0f:%.0f", p.x(), p.y()))
                .collect(Collectors.joining(" "));
    }

    private static String decimal(double value) {
        return String.format(Locale.ROOT, "%.3f", value);
    }

    /** The value of a column in a row of {@link #COLUMNS}. */
    static String field(CSVRecord row, String column) {
        return row.get(new ArrayList<>(List.of(COLUMNS)).indexOf(column));
    }
}
