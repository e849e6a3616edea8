package dev.osteon.app;

import static org.assertj.core.api.Assertions.assertThat;

import com.github.jaiimageio.jpeg2000.impl.J2KImageReaderSpi;
import com.github.jaiimageio.impl.common.PackageUtil;
import java.io.IOException;
import java.net.URISyntaxException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.jar.JarFile;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

/** THIRD-PARTY.md names every library that is passed on, at its version, and where its licence's text is. */
class ThirdPartyTest {

    private static final Path ROOT = Path.of("..");
    private static final Pattern ROW =
            Pattern.compile("^\\| ([^ |:]+:[^ |]+) \\| ([^ |]+) \\| [^|]+ \\| ([^|]+) \\|$", Pattern.MULTILINE);
    /** group:artifact:jar[:classifier]:version:scope, as Maven lists it. */
    private static final Pattern LISTED =
            Pattern.compile("^ +([^ :]+:[^ :]+):jar(?::[^ :]+)?:([^ :]+):(?:compile|runtime)\\b", Pattern.MULTILINE);

    private static List<MatchResult> rows() throws IOException {
        return ROW.matcher(Files.readString(ROOT.resolve("THIRD-PARTY.md"))).results().toList();
    }

    @Test
    void namesWhatMavenResolvedAndNothingElse() throws IOException {
        Map<String, String> used = LISTED.matcher(Files.readString(Path.of("target/third-party.txt"))).results()
                .collect(Collectors.toMap(m -> m.group(1), m -> m.group(2)));
        Map<String, String> named = rows().stream().collect(Collectors.toMap(m -> m.group(1), m -> m.group(2)));
        assertThat(used).hasSizeGreaterThan(20);
        assertThat(new TreeMap<>(named)).isEqualTo(new TreeMap<>(used));
    }

    @Test
    void everyTextIsWhereTheTableSays() throws IOException {
        for (MatchResult row : rows()) {
            String where = row.group(3);
            if (where.startsWith("META-INF/")) {
                try (JarFile jar = new JarFile(jar(row.group(1), row.group(2)).toFile())) {
                    assertThat(jar.getEntry(where)).as(row.group()).isNotNull();
                }
            } else {
                assertThat(ROOT.resolve(where.replaceFirst("^\\[text]\\((.*)\\)$", "$1"))).as(row.group())
                        .isNotEmptyFile();
            }
        }
    }

    private static Path jar(String library, String version) {
        String name = library.substring(library.indexOf(':') + 1) + "-" + version + ".jar";
        return Arrays.stream(System.getProperty("java.class.path").split(java.io.File.pathSeparator)).map(Path::of)
                .filter(p -> p.endsWith(name)).findFirst()
                .orElseThrow(() -> new AssertionError(name + " is not on the class path"));
    }

    /** JJ2000's licence wants its notice in all copies; a new version of the codec may bring another one. */
    @Test
    void theCodecsTextsAreThoseInTheirJars() throws IOException, URISyntaxException {
        assertText(J2KImageReaderSpi.class, "jai-imageio-jpeg2000.txt");
        assertText(PackageUtil.class, "jai-imageio-core.txt");
    }

    private static void assertText(Class<?> codec, String copy) throws IOException, URISyntaxException {
        try (JarFile jar = new JarFile(Path.of(codec.getProtectionDomain().getCodeSource().getLocation().toURI())
                .toFile())) {
            String text = new String(jar.getInputStream(jar.getEntry("META-INF/LICENSE")).readAllBytes(),
                    StandardCharsets.UTF_8);
            assertThat(Files.readString(ROOT.resolve("licenses").resolve(copy))).isEqualToNormalizingNewlines(text);
        }
    }
}
