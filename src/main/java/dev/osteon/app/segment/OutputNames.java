package dev.osteon.app.segment;

import dev.osteon.app.Hashes;
import java.nio.charset.StandardCharsets;
import java.text.Normalizer;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.function.UnaryOperator;
import java.util.stream.Collectors;

/**
 * What the results of radiographs are called: each by its file's name without the ending. Where several share that,
 * they are called by their paths with the ending, percent-encoded (RFC 3986, section 2.1) as far as no other path gives
 * the same: {@code a%2Fb%2Fc%2Epng}. So a name depends on other files only where they share it, and all names differ,
 * also where a file system does not tell capitals from small letters, or composed from decomposed ones.
 */
final class OutputNames {

    /** File systems take 255 bytes, and a bone, an ending and what a file is called while it is written are added. */
    private static final int MOST_BYTES = 180;
    private static final int HASH_DIGITS = 40;

    private OutputNames() {}

    /**
     * Names by path, in the order given.
     *
     * @param paths of files with an ending, below one folder, with slashes between
     */
    static Map<String, String> of(Collection<String> paths) {
        Map<String, Long> sharingStem = sharing(paths, OutputNames::stem);
        Map<String, Long> sharingPath = sharing(paths, OutputNames::path);
        Map<String, String> names = new LinkedHashMap<>();
        for (String path : paths) {
            String name = stem(path);
            if (name.isEmpty() || sharingStem.get(folded(name)) > 1) {
                name = sharingPath.get(folded(path(path))) > 1 ? everything(path) : path(path);
            }
            boolean fits = name.getBytes(StandardCharsets.UTF_8).length <= MOST_BYTES;
            names.put(path, fits ? name : "%00" + hash(path));
        }
        return names;
    }

    private static String hash(String path) {
        return Hashes.of(path.getBytes(StandardCharsets.UTF_8)).substring(0, HASH_DIGITS);
    }

    private static Map<String, Long> sharing(Collection<String> paths, UnaryOperator<String> name) {
        return paths.stream().map(name).collect(Collectors.groupingBy(OutputNames::folded, Collectors.counting()));
    }

    private static String folded(String name) {
        return Normalizer.normalize(name, Normalizer.Form.NFC).toUpperCase(Locale.ROOT).toLowerCase(Locale.ROOT);
    }

    private static String stem(String path) {
        StringBuilder name = new StringBuilder();
        path.substring(path.lastIndexOf('/') + 1, path.lastIndexOf('.')).chars().forEach(c ->
                append(name, (char) c, c != '%' && c >= ' '));
        return name.toString();
    }

    /** The dot of the ending is encoded, which no stem has. */
    private static String path(String path) {
        StringBuilder name = new StringBuilder();
        for (int i = 0; i < path.length(); i++) {
            char c = path.charAt(i);
            append(name, c, c != '%' && c != '/' && c >= ' ' && i != path.lastIndexOf('.'));
        }
        return name.toString();
    }

    /** All but small letters without accents, and digits. */
    private static String everything(String path) {
        StringBuilder name = new StringBuilder();
        for (byte b : path.getBytes(StandardCharsets.UTF_8)) {
            append(name, (char) (b & 0xFF), b >= 'a' && b <= 'z' || b >= '0' && b <= '9');
        }
        return name.toString();
    }

    private static void append(StringBuilder name, char c, boolean asItIs) {
        if (asItIs) {
            name.append(c);
        } else {
            name.append(String.format(Locale.ROOT, "%%%02X", (int) c));
        }
    }
}
