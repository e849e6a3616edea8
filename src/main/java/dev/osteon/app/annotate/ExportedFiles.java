package dev.osteon.app.annotate;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;

/**
 * What a finished export has left.
 *
 * @param folder with {@code masks}, {@code coco.json} and {@code prompts.json}
 * @param masks  those in the COCO file
 */
record ExportedFiles(Path folder, List<Path> masks) {

    static final String MASKS = "masks";
    static final String COCO = "coco.json";
    static final String PROMPTS = "prompts.json";

    ExportedFiles {
        masks = List.copyOf(masks);
    }

    private List<Path> all() {
        List<Path> all = new ArrayList<>(masks);
        all.add(folder.resolve(COCO));
        all.add(folder.resolve(PROMPTS));
        return all;
    }

    /** Those that are not there any more. */
    List<Path> missing() {
        return all().stream().filter(file -> !Files.isRegularFile(file)).toList();
    }

    /**
     * All of them as one zip archive, which is written as it is sent.
     *
     * @throws Refusal when one is missing; if it is removed later, writing the archive fails
     */
    Reply.Body archive() {
        List<Path> missing = missing();
        if (!missing.isEmpty()) {
            throw new Refusal(409, missing.getFirst() + " was removed since the export; export again");
        }
        return this::zip;
    }

    private void zip(OutputStream to) throws IOException {
        ZipOutputStream zip = new ZipOutputStream(to);
        for (Path file : all()) {
            zip.putNextEntry(new ZipEntry(folder.relativize(file).toString().replace('\\', '/')));
            Files.copy(file, zip);
            zip.closeEntry();
        }
        zip.finish();
    }
}
