package dev.osteon.app.annotate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.osteon.app.phantom.Bone;
import dev.osteon.app.segment.BonePrompt;
import dev.osteon.app.segment.PromptsFile;
import dev.osteon.models.sam.Point;
import dev.osteon.models.sam.PointPrompt;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class PromptsStoreTest {

    private static final Map<Bone, BonePrompt> ULNA = at(Bone.ULNA, 1);
    private static final Map<Bone, BonePrompt> RADIUS = at(Bone.RADIUS, 2);

    @TempDir
    Path folder;

    private Path file;
    private PromptsStore store;

    @BeforeEach
    void open() throws IOException {
        file = folder.resolve("work").resolve("prompts.json");
        store = new PromptsStore(file);
    }

    private static Map<Bone, BonePrompt> at(Bone bone, double x) {
        return Map.of(bone, BonePrompt.of(new PointPrompt(List.of(new Point(x, 5)), List.of())));
    }

    private Map<String, Map<Bone, BonePrompt>> written() {
        return PromptsFile.read(file).images();
    }

    /** As another program may write within the clock's granularity: the same size, the same time. */
    private void changedOutside(String from, String to) throws IOException {
        FileTime time = Files.getLastModifiedTime(file);
        Files.writeString(file, Files.readString(file).replace(from, to));
        Files.setLastModifiedTime(file, time);
    }

    @Test
    void whatElseIsInTheFileStaysThere() throws IOException {
        Files.createDirectories(file.getParent());
        Files.writeString(file, "{\"version\":1,\"reader\":\"me\",\"images\":[{\"file\":\"a.png\",\"note\":\"late\","
                + "\"bones\":{}},{\"file\":\"gone.png\",\"bones\":{\"ulna\":{\"positive\":[[1,2]]}}}]}");
        store = new PromptsStore(file);
        assertThat(store.save("a.png", RADIUS, 0)).isEqualTo(1);
        assertThat(file).content().contains("\"reader\" : \"me\"", "\"note\" : \"late\"", "gone.png");
        assertThat(new PromptsStore(file).of("a.png")).isEqualTo(RADIUS);
        assertThat(written()).containsOnlyKeys("a.png", "gone.png");
    }

    @Test
    void aSaveThatFailsLeavesNoTrace() throws IOException {
        store.save("a.png", ULNA, 0);
        Path aside = folder.resolve("aside");
        Files.move(file.getParent(), aside);
        Files.writeString(file.getParent(), "a file in the folder's place");
        assertThatThrownBy(() -> store.save("b.png", RADIUS, 0)).isInstanceOf(IOException.class);
        assertThatThrownBy(() -> store.save("a.png", RADIUS, 1)).isInstanceOf(IOException.class);
        assertThat(store.of("a.png")).isEqualTo(ULNA);
        assertThat(store.of("b.png")).isEmpty();
        assertThat(store.revision("a.png")).isEqualTo(1);
        Files.delete(file.getParent());
        Files.move(aside, file.getParent());
        store.save("c.png", RADIUS, 0);
        assertThat(written()).isEqualTo(Map.of("a.png", ULNA, "c.png", RADIUS));
    }

    @Test
    void aChangeFromOutsideIsNoticedByContentAndNotOverwritten() throws IOException {
        store.save("a.png", at(Bone.MC1, 1), 0);
        changedOutside("mc1", "mc2");
        assertThatThrownBy(() -> store.save("a.png", ULNA, 1)).isInstanceOfSatisfying(Refusal.class, refusal ->
                assertThat(refusal.status()).isEqualTo(409)).hasMessageContaining("another program");
        assertThat(written().get("a.png")).isEqualTo(at(Bone.MC2, 1));
        assertThat(store.of("a.png")).isEqualTo(at(Bone.MC2, 1));
        assertThat(store.save("a.png", ULNA, store.revision("a.png"))).isEqualTo(3);
        assertThat(written().get("a.png")).isEqualTo(ULNA);
    }

    @Test
    void whatIsChangedOutsideInOtherImagesIsTakenOver() throws IOException {
        store.save("a.png", ULNA, 0);
        store.save("b.png", at(Bone.MC1, 1), 0);
        changedOutside("mc1", "mc2");
        store.save("a.png", RADIUS, 1);
        assertThat(written()).isEqualTo(Map.of("a.png", RADIUS, "b.png", at(Bone.MC2, 1)));
        store.refresh();
        assertThat(store.revision("a.png")).isEqualTo(2);
        assertThatThrownBy(() -> store.save("b.png", ULNA, 1)).hasMessageContaining("another program");
    }

    @Test
    void aFileThatAnotherProgramHasDamagedIsToldAndLeftAlone() throws IOException {
        store.save("a.png", ULNA, 0);
        Files.writeString(file, "{\"version\":1,");
        assertThatThrownBy(() -> store.save("a.png", RADIUS, 1)).isInstanceOf(Refusal.class)
                .hasMessageContaining("line 1: not JSON").hasMessageContaining("correct the file or remove it");
        assertThat(file).hasContent("{\"version\":1,");
        Files.delete(file);
        store.save("b.png", RADIUS, 0);
        assertThat(written()).isEqualTo(Map.of("a.png", ULNA, "b.png", RADIUS));
    }

    @Test
    void whatIsKeptIsWhatIsReadAgain() throws IOException {
        store.save("a.png", at(Bone.MC3, 12.345), 0);
        assertThat(store.of("a.png")).isEqualTo(at(Bone.MC3, 12.3)).isEqualTo(new PromptsStore(file).of("a.png"));
    }
}
