package dev.osteon.app.explain;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/** The source file of a class, which the build puts beside the class file. */
record Source(String file, List<String> lines) {

    /** @throws IllegalStateException when the build has left it out */
    static Source of(Class<?> type) {
        String file = type.getSimpleName() + ".java";
        try (InputStream in = type.getResourceAsStream(file)) {
            if (in == null) {
                throw new IllegalStateException(file + " is not beside the class " + type.getName()
                        + "; the resources in the module's pom.xml must name it");
            }
            return new Source(file, new String(in.readAllBytes(), StandardCharsets.UTF_8).lines().toList());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** The lines that end with the comment {@code // step: key}, without it. */
    Excerpt step(String key) {
        String marker = "// step: " + key;
        List<Excerpt.Line> found = new ArrayList<>();
        for (int i = 0; i < lines.size(); i++) {
            if (lines.get(i).endsWith(marker)) {
                found.add(new Excerpt.Line(i + 1, lines.get(i).substring(0, lines.get(i).length() - marker.length())
                        .strip()));
            }
        }
        return excerpt(found, "line that ends with \"" + marker + "\"");
    }

    /** A method of the outermost class: from the line with {@code signature} to the brace that closes it. */
    Excerpt method(String signature) {
        List<Excerpt.Line> found = new ArrayList<>();
        for (int i = 0; i < lines.size(); i++) {
            String line = lines.get(i);
            if (!found.isEmpty() || line.startsWith("    " + signature)) {
                found.add(new Excerpt.Line(i + 1, line.isBlank() ? "" : line.substring(4)));
                if (line.equals("    }")) {
                    break;
                }
            }
        }
        return excerpt(found, "method \"" + signature + "\"");
    }

    private Excerpt excerpt(List<Excerpt.Line> found, String what) {
        if (found.isEmpty()) {
            throw new IllegalStateException(file + " has no " + what);
        }
        return new Excerpt(file, found);
    }
}
