package dev.osteon.app.command;

import static org.assertj.core.api.Assertions.assertThat;

import dev.osteon.app.Osteon;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ExplainCommandTest {

    @TempDir
    Path folder;

    private final Osteon osteon = new Osteon();

    @ParameterizedTest
    @ValueSource(strings = {"ntxent", "supcon", "swav", "vicreg"})
    void writesAPageAndSaysWhereItIs(String loss) throws IOException {
        Path page = folder.resolve("new/" + loss + ".html");
        assertThat(osteon.run("explain", loss, "--batch", "3", "--dim", "4", "--seed", "7", "--out", page.toString()))
                .as(osteon.err()).isZero();
        assertThat(osteon.out()).contains("Page: " + page).contains("loss ");
        assertThat(Files.readString(page)).startsWith("<!doctype html>").endsWith("</html>\n")
                .contains("osteon explain " + loss + " --batch 3 --dim 4 --seed 7");
    }

    private String mistake(String... arguments) {
        osteon.forget();
        assertThat(osteon.run(arguments)).as(osteon.err()).isEqualTo(2);
        assertThat(osteon.err().strip()).hasLineCount(1).startsWith("osteon: ");
        return osteon.err();
    }

    @Test
    void mistakesAreOneLine() {
        String page = folder.resolve("x.html").toString();
        assertThat(mistake("explain", "byol", "--out", page)).contains("given byol", "ntxent", "vicreg");
        assertThat(mistake("explain", "ntxent", "--batch", "1", "--out", page)).contains("--batch: given 1", "from 2");
        assertThat(mistake("explain", "ntxent", "--batch", "65", "--out", page)).contains("given 65", "to 64");
        assertThat(mistake("explain", "swav", "--dim", "0", "--out", page)).contains("--dim: given 0");
        assertThat(mistake("explain", "swav", "--dim", "many", "--out", page)).contains("--dim", "many");
        assertThat(mistake("explain", "vicreg", "--out", folder.toString())).contains("--out", "folder");
        assertThat(mistake("explain")).contains("LOSS");
        assertThat(folder).isEmptyDirectory();
    }

    @Test
    void helpHasExamples() {
        assertThat(osteon.run("help", "explain")).isZero();
        assertThat(osteon.out()).contains("osteon explain ntxent", "--batch", "docs/losses");
    }
}
