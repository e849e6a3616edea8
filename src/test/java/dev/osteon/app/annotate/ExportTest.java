package dev.osteon.app.annotate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.osteon.app.image.GrayImage;
import dev.osteon.app.image.ImageFiles;
import dev.osteon.app.segment.PromptsFile;
import dev.osteon.app.segment.RadiographFolder;
import dev.osteon.app.segment.SamFiles;
import dev.osteon.engine.tensor.Device;
import dev.osteon.nn.SharedData;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.zip.ZipEntry;
import java.util.zip.ZipInputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ExportTest {

    private static final String ULNA = "\"bones\":{\"ulna\":{\"positive\":[[20,15]],\"strokes\":[{\"tool\":\"brush\","
            + "\"radius\":3,\"points\":[[20,15]]}]}}}";

    @TempDir
    Path folder;

    private Reply.Body zip = out -> { };

    private Export.State export() throws IOException {
        PromptsFile prompts = PromptsFile.read(Files.writeString(folder.resolve("given.json"),
                "{\"version\":1,\"images\":[{\"file\":\"a.png\"," + ULNA + ",{\"file\":\"b.png\"," + ULNA + "]}"));
        Path out = folder.resolve("out");
        Export export = new Export(RadiographFolder.of(folder.resolve("images"), out), out,
                SamFiles.in(Optional.of(SharedData.folder("sam"))), Device.CPU, new RightOfWay());
        try (export) {
            assertThatThrownBy(export::zip).isInstanceOf(Refusal.class).hasMessageContaining("no export is finished");
            export.start(prompts);
        }
        if (export.state() instanceof Export.State.Finished) {
            zip = export.zip();
        }
        return export.state();
    }

    private static List<String> entries(Reply.Body zip) throws IOException {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        zip.writeTo(bytes);
        List<String> names = new ArrayList<>();
        try (ZipInputStream in = new ZipInputStream(new ByteArrayInputStream(bytes.toByteArray()))) {
            for (ZipEntry entry = in.getNextEntry(); entry != null; entry = in.getNextEntry()) {
                names.add(entry.getName());
                assertThat(in.readAllBytes()).isNotEmpty();
            }
        }
        return names;
    }

    @Test
    void masksOfAnEarlierExportAreLeftOutAndTold() throws IOException {
        Path images = Files.createDirectories(folder.resolve("images"));
        ImageFiles.writePng(GrayImage.black(40, 30, 8), images.resolve("a.png"));
        Files.writeString(images.resolve("b.png"), "was a picture when it was exported before");
        Path masks = folder.resolve("out").resolve("masks");
        ImageFiles.writePng(GrayImage.of(2, 1, 8, new short[] {255, 255}), masks.resolve("b_ulna.png"));

        assertThat(export()).isInstanceOfSatisfying(Export.State.Finished.class, finished -> {
            assertThat(finished.files().masks()).containsExactly(masks.resolve("a_ulna.png"));
            assertThat(finished.failed()).anyMatch(line -> line.contains("b.png: not in a known image format"))
                    .contains("b.png: its masks are of an earlier export and are left out");
        });
        JsonNode coco = new ObjectMapper().readTree(folder.resolve("out/coco.json").toFile());
        assertThat(coco.get("images").findValuesAsText("file_name")).containsExactly("a.png");
        assertThat(coco.get("annotations")).hasSize(1);
        assertThat(entries(zip)).containsExactly("masks/a_ulna.png", "coco.json", "prompts.json");
    }

    @Test
    void anArchiveOfWhichAMaskIsMissingIsNotBegun() throws IOException {
        Path masks = Files.createDirectories(folder.resolve("masks"));
        Path mask = Files.writeString(masks.resolve("a_ulna.png"), "a mask");
        for (String name : List.of("coco.json", "prompts.json")) {
            Files.writeString(folder.resolve(name), "{}");
        }
        ExportedFiles files = new ExportedFiles(folder, List.of(mask));
        assertThat(files.missing()).isEmpty();
        assertThat(entries(files.archive())).containsExactly("masks/a_ulna.png", "coco.json", "prompts.json");
        Reply.Body begun = files.archive();
        Files.delete(mask);
        assertThat(files.missing()).containsExactly(mask);
        assertThatThrownBy(files::archive).isInstanceOfSatisfying(Refusal.class, refusal ->
                assertThat(refusal.status()).isEqualTo(409)).hasMessageContaining("a_ulna.png was removed");
        assertThatThrownBy(() -> begun.writeTo(new ByteArrayOutputStream())).isInstanceOf(NoSuchFileException.class);
    }
}
