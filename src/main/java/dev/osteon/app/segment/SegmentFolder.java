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
import java.io.UncheckedIOException;
import java.nio.charset.CharacterCodingException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.apache.commons.csv.CSVFormat;
import org.apache.commons.csv.CSVParser;
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
    /** The flag of a bone for which there was none. */
    static final String NO_PROMPT = "no-prompt";
    private static final CSVFormat CSV = CSVFormat.DEFAULT.builder().setRecordSeparator('\n').get();
    private static final int MARGIN_SHARE = 32;
    private static final String MASKS = "masks";
    private static final String SEGMENTS = "segments";
    private static final String OVERLAYS = "overlays";
    private static final String ROWS = "rows";
    static final String EMBEDDINGS = "embeddings";

    private final Path path;

    SegmentFolder(Path path) throws IOException {
        this.path = path;
        for (String part : List.of(MASKS, SEGMENTS, OVERLAYS, ROWS)) {
            Files.createDirectories(path.resolve(part));
        }
    }

    /** Whether a file lies where the pictures in such a folder lie. */
    static boolean holdsPicture(Path folder, Path file) {
        return Stream.of(MASKS, SEGMENTS, OVERLAYS).anyMatch(part -> file.startsWith(folder.resolve(part)));
    }

    private Path mask(String name, Bone bone) {
        return path.resolve(MASKS).resolve(name + "_" + bone.label() + ".png");
    }

    private Path segment(String name, Bone bone) {
        return path.resolve(SEGMENTS).resolve(name + "_" + bone.label() + ".png");
    }

    private Path overlay(String name) {
        return path.resolve(OVERLAYS).resolve(name + ".png");
    }

    private Path rows(String name) {
        return path.resolve(ROWS).resolve(name + ".csv");
    }

    Path resolve(String name) {
        return path.resolve(name);
    }

    /** Whether an earlier call did an image, with whatever prompts and models. */
    boolean hasRows(String name) {
        return Files.isRegularFile(rows(name));
    }

    /** Number of embeddings that earlier calls left. */
    int embeddings() throws IOException {
        Path kept = path.resolve(EMBEDDINGS);
        if (!Files.isDirectory(kept)) {
            return 0;
        }
        try (Stream<Path> files = Files.list(kept)) {
            return (int) files.filter(file -> file.toString().endsWith(".safetensors")).count();
        }
    }

    /**
     * The rows of an image that was done with this key, and whose files are there; empty when it is still to do.
     *
     * @param file the image's path, as in its rows
     */
    Optional<List<CSVRecord>> done(String name, String key, String file) throws IOException {
        if (!Files.isRegularFile(rows(name))) {
            return Optional.empty();
        }
        List<CSVRecord> all;
        try (CSVParser csv = CSV.parse(new StringReader(Files.readString(rows(name))))) {
            all = csv.getRecords();
        } catch (CharacterCodingException | UncheckedIOException | IllegalStateException damaged) {
            return Optional.empty();
        }
        if (all.size() != 1 + Bone.values().length || !all.getFirst().get(0).equals(key) || !isThere(overlay(name))) {
            return Optional.empty();
        }
        List<CSVRecord> rows = all.subList(1, all.size());
        for (Bone bone : Bone.values()) {
            CSVRecord row = rows.get(bone.ordinal());
            boolean whole = row.size() == COLUMNS.length && field(row, "file").equals(file)
                    && field(row, "bone").equals(bone.label()) && (field(row, "segment").isEmpty()
                            || isThere(mask(name, bone)) && isThere(segment(name, bone)));
            if (!whole) {
                return Optional.empty();
            }
        }
        return Optional.of(rows);
    }

    /** A file without contents is what a full disk or a lost journal leaves. */
    private static boolean isThere(Path file) throws IOException {
        return Files.isRegularFile(file) && Files.size(file) > 0;
    }

    /** Writes all of an image, its rows last. */
    List<CSVRecord> write(String name, String key, String file, String subject, GrayImage image,
            Map<Bone, BoneSegment> segments, Prompting.Placed placed) throws IOException {
        Files.deleteIfExists(rows(name));   // while its files change, the image is not done
        StringWriter text = new StringWriter();
        try (CSVPrinter csv = new CSVPrinter(text, CSV)) {
            csv.printRecord(key);
            for (Bone bone : Bone.values()) {
                BoneSegment segment = segments.get(bone);
                Path mask = mask(name, bone);
                Path cut = segment(name, bone);
                if (segment == null || segment.mask().area() == 0) {
                    Files.deleteIfExists(mask);
                    Files.deleteIfExists(cut);
                    csv.printRecord(file, subject, bone.label(), 0, "", "", "", "", segment == null ? NO_PROMPT
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
                        SEGMENTS + "/" + cut.getFileName());
            }
        }
        Overlay.write(image, segments, overlay(name));
        AtomicFile.write(rows(name), text.toString());
        return done(name, key, file).orElseThrow();
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
        return row.get(List.of(COLUMNS).indexOf(column));
    }
}
