package dev.osteon.app.segment;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.Test;

class OutputNamesTest {

    private static Collection<String> names(String... paths) {
        return OutputNames.of(List.of(paths)).values();
    }

    @Test
    void aFileThatSharesItsNameWithNoneIsCalledByIt() {
        assertThat(names("hand 01.png", "deep/down/l.R_2.x.dcm", "größe.JPG")).containsExactly("hand 01", "l.R_2.x",
                "größe");
    }

    @Test
    void filesThatShareTheirNameAreCalledByTheirPaths() {
        assertThat(names("a/b/c.png", "a_b/c.png")).containsExactly("a%2Fb%2Fc%2Epng", "a_b%2Fc%2Epng");
        assertThat(names("x.png", "x.jpg", "y.png")).containsExactly("x%2Epng", "x%2Ejpg", "y");
        assertThat(names("x%2Epng.png", "x.png", "x.jpg")).containsExactly("x%252Epng", "x%2Epng", "x%2Ejpg");
    }

    @Test
    void furtherImagesChangeOnlyNamesThatTheyShare() {
        assertThat(names("a.png", "q/b.png")).containsExactly("a", "b");
        assertThat(names("a.png", "q/b.png", "q/c.png", "r/c.png")).startsWith("a", "b");
        assertThat(names("a.png", "q/b.png", "q/c.png", "r/c.png", "s/c.png"))
                .startsWith(names("a.png", "q/b.png", "q/c.png", "r/c.png").toArray(String[]::new));
    }

    @Test
    void namesDifferWhereCaseAndAccentsAreNotTold() {
        assertThat(names("p/X.png", "q/x.png")).containsExactly("p%2FX%2Epng", "q%2Fx%2Epng");
        assertThat(names("Ab.png", "ab.png")).containsExactly("%41b%2Epng", "ab%2Epng");
        assertThat(names("\u00e9.png", "e\u0301.png")).containsExactly("%C3%A9%2Epng", "e%CC%81%2Epng");
    }

    @Test
    void aNameThatIsTooLongForAFileSystemIsAHash() {
        String path = "ä".repeat(120) + ".png";
        assertThat(names(path)).singleElement().asString().matches("%00[0-9a-f]{40}");
        assertThat(names("q/" + path, "r/" + path)).doesNotHaveDuplicates();
    }

    @Test
    void anyPathsHaveNamesThatDiffer() {
        String[] parts = {"a", "A", "/b/", "/B/", "%", "%2E", "%2F", "_", ".", "png", "é", "e\u0301", "É", "ß", "ss"};
        Random random = new Random(1);
        for (int round = 0; round < 200; round++) {
            Set<String> paths = new LinkedHashSet<>();
            for (int i = 0; i < 60; i++) {
                StringBuilder path = new StringBuilder("a");
                for (int k = random.nextInt(4); k > 0; k--) {
                    path.append(parts[random.nextInt(parts.length)]);
                }
                paths.add(path.append(path.toString().endsWith("/") ? "c" : "").append(random.nextBoolean() ? ".png"
                        : ".PNG").toString().replaceAll("/+", "/"));
            }
            List<String> names = new ArrayList<>(OutputNames.of(paths).values());
            assertThat(names.stream().map(name -> java.text.Normalizer.normalize(name, java.text.Normalizer.Form.NFC)
                    .toLowerCase(Locale.ROOT)).toList()).hasSameSizeAs(paths).doesNotHaveDuplicates();
            assertThat(names).noneMatch(name -> name.contains("/"));
        }
    }
}
