package dev.osteon.app.segment;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.osteon.app.UserError;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class RadiographFolderTest {

    @TempDir
    Path folder;

    private void file(String path) throws IOException {
        Path file = folder.resolve(path);
        Files.createDirectories(file.getParent());
        Files.writeString(file, "no picture");
    }

    @Test
    void noImageIsLost() throws IOException {
        file("a/b/c.png");
        file("a_b/c.png");
        file("a_b_c.png.jpg");
        RadiographFolder radiographs = RadiographFolder.of(folder, folder.resolve("out"));
        assertThat(radiographs.images().values()).hasSize(3);
        assertThat(radiographs.paths()).containsExactlyInAnyOrder("a/b/c.png", "a_b/c.png", "a_b_c.png.jpg");
    }

    @Test
    void aBackslashInANameIsNoFolder() throws IOException {
        file("a/b.png");
        file("a\\b.png");
        assertThat(RadiographFolder.of(folder, folder.resolve("out")).paths()).doesNotHaveDuplicates();
    }

    @Test
    void resultsAreNotTakenForRadiographsHoweverTheirFolderIsNamed() throws IOException {
        file("x.png");
        file("out/masks/x_mc1.png");
        file("out/segments/x_mc1.png");
        file("out/overlays/x.png");
        for (Path out : new Path[] {folder.resolve("out"), folder.resolve("other/../out"), folder.resolve("./out")}) {
            assertThat(RadiographFolder.of(folder, out).images()).containsOnlyKeys("x");
        }
        Path link = Files.createSymbolicLink(folder.resolveSibling(folder.getFileName() + "-link"), folder);
        try {
            assertThat(RadiographFolder.of(link, folder.resolve("out")).images()).containsOnlyKeys("x");
        } finally {
            Files.delete(link);
        }
    }

    @Test
    void resultsMayGoAboveOrIntoTheFolderOfImages() throws IOException {
        file("images/x.png");
        assertThat(RadiographFolder.of(folder.resolve("images"), folder).images()).containsOnlyKeys("x");
        assertThat(RadiographFolder.of(folder.resolve("images"), folder.resolve("images")).images())
                .containsOnlyKeys("x");
    }

    @Test
    void anEmptyFolderIsTold() {
        assertThatThrownBy(() -> RadiographFolder.of(folder, folder.resolve("out"))).isInstanceOf(UserError.class)
                .hasMessageContaining("no radiograph in");
        assertThatThrownBy(() -> RadiographFolder.of(folder.resolve("none"), folder)).isInstanceOf(UserError.class)
                .hasMessageContaining("which is no folder");
    }
}
